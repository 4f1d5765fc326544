package archive

import (
	"cmp"
	"context"
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// namesIn are the names of its object that an entry's details give. Those of other objects, such as a record's data store, do not count.
func namesIn(e *auditlog.Entry) (names []string) {
	if e == nil {
		return nil
	}
	for _, name := range e.NamesOf(objectOf(e.Event)) {
		names = append(names, string(name))
	}
	return names
}

// IsTarget implements auditlog.TargetNamer.
func (r *Reader) IsTarget(ctx context.Context, organization auditlog.ID, id auditlog.Text) (bool, error) {
	log, err := r.Archive.findLog(ctx, LogKey{r.Instance, string(organization)})
	if err != nil || log == nil {
		return false, err
	}
	found, _, err := r.Archive.targetID(ctx, log.head.Words, id)
	return found != 0, err
}

// NamedTargets implements auditlog.TargetNamer, by the details that are here.
func (r *Reader) NamedTargets(ctx context.Context, organization auditlog.ID,
	fits func(name auditlog.Text) bool) ([]auditlog.NamedTarget, error) {
	v, err := r.open(ctx, organization)
	if err != nil || v == nil {
		return nil, err
	}
	defer v.close()
	log, names, err := r.Archive.names(ctx, LogKey{r.Instance, string(organization)})
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name Name) bool { return !fits(auditlog.Text(name.Name)) })
	ids, _, err := r.Archive.textsOf(ctx, log.head.Words, targetsIn(names))
	if err != nil {
		return nil, err
	}
	var named []auditlog.NamedTarget
	for _, name := range names {
		sees, err := v.seesTarget(ctx, name.Target, auditlog.Text(name.Object))
		if err != nil {
			return nil, err
		}
		if sees {
			named = append(named, auditlog.NamedTarget{ID: ids(name.Target), Object: auditlog.Text(name.Object),
				Name: auditlog.Text(name.Name)})
		}
	}
	return named, nil
}

func targetsIn(names []Name) []int32 {
	ids := make([]int32, len(names))
	for i, name := range names {
		ids[i] = name.Target
	}
	return ids
}

// names are those of a log, which must be as they were signed.
func (a *Archive) names(ctx context.Context, of LogKey) (log *foundLog, names []Name, err error) {
	err = a.store.Snapshot(ctx, func(from Reads) error {
		if log, err = a.findIn(ctx, from, of); err != nil || log == nil {
			return err
		}
		names, err = a.namesIn(ctx, from, log.head, log.Number)
		return err
	})
	return log, names, err
}

// namesIn are the names of a log, in order.
func (a *Archive) namesIn(ctx context.Context, from Reads, h *head, log int64) (names []Name, err error) {
	var read chain
	signed := h.log(log).Names
	for name, err := range from.Names(ctx, log) {
		if err != nil {
			return nil, err
		}
		if read.addName(name); read.isBeyond(signed) {
			break
		}
		names = append(names, *name)
	}
	if !read.equal(signed) {
		return nil, a.refused(nil, "the names of objects are not those that were signed")
	}
	return names, nil
}

// compareNames orders the names of a log.
func compareNames(a, b Name) int {
	return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Name, b.Name))
}

// seesTarget reports whether any entry about an object may be seen: an id is an object's only together with its kind.
func (v *view) seesTarget(ctx context.Context, target int32, object auditlog.Text) (bool, error) {
	if v.rights.Organization {
		return true, nil
	}
	of, err := v.visible(ctx)
	if err != nil {
		return false, err
	}
	of.Targets = []int32{target}
	isSeen := false
	err = v.count(ctx, of, Events.grouping(), func(c *Count) { isSeen = isSeen || objectOf(v.words.event(c.Event)) == object })
	return isSeen, err
}

// objectOf is what sort of object an event is about.
func objectOf(event auditlog.Text) auditlog.Text { return auditlog.Event{Value: event}.Object() }

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
	found, err := r.Archive.targetID(ctx, log.head, id)
	return found != 0, err
}

// NamedTargets implements auditlog.TargetNamer, by the details that are here.
func (r *Reader) NamedTargets(ctx context.Context, organization auditlog.ID,
	fits func(name auditlog.Text) bool) ([]auditlog.NamedTarget, error) {
	v, err := r.open(ctx, organization)
	if err != nil || v == nil {
		return nil, err
	}
	log, names, err := r.Archive.names(ctx, LogKey{r.Instance, string(organization)})
	if err != nil {
		return nil, err
	}
	ids, err := r.Archive.targetTexts(ctx, log.head)
	if err != nil {
		return nil, err
	}
	var named []auditlog.NamedTarget
	for _, name := range names {
		if fits(auditlog.Text(name.Name)) && v.seesTarget(name.Target, auditlog.Text(name.Object)) {
			named = append(named, auditlog.NamedTarget{ID: wordOf(ids, name.Target), Object: auditlog.Text(name.Object),
				Name: auditlog.Text(name.Name)})
		}
	}
	return named, nil
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
func (v *view) seesTarget(target int32, object auditlog.Text) bool {
	if v.rights.Organization {
		return true
	}
	return slices.ContainsFunc(v.columns.rows, func(row counted) bool {
		return row.target == target && objectOf(v.columns.words.event(row.event)) == object && v.seesRow(&row)
	})
}

// objectOf is what sort of object an event is about.
func objectOf(event auditlog.Text) auditlog.Text { return auditlog.Event{Value: event}.Object() }

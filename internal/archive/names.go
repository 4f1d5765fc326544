package archive

import (
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
	found, err := r.Archive.targetID(ctx, log.Number, id)
	return found != 0, err
}

// NamedTargets implements auditlog.TargetNamer, by the details that are here.
func (r *Reader) NamedTargets(ctx context.Context, organization auditlog.ID,
	fits func(name auditlog.Text) bool) ([]auditlog.NamedTarget, error) {
	v, err := r.open(ctx, organization)
	if err != nil || v == nil {
		return nil, err
	}
	var found []Name
	ids := map[int32]auditlog.Text{}
	for name, err := range r.Archive.store.Names(ctx, v.log) {
		if err != nil {
			return nil, err
		}
		if fits(auditlog.Text(name.Name)) && v.seesTarget(name.Target, auditlog.Text(name.Object)) {
			found = append(found, *name)
			ids[name.Target] = ""
		}
	}
	if err := r.Archive.targets(ctx, v.log, ids); err != nil {
		return nil, err
	}
	named := make([]auditlog.NamedTarget, len(found))
	for i, name := range found {
		named[i] = auditlog.NamedTarget{ID: ids[name.Target], Object: auditlog.Text(name.Object), Name: auditlog.Text(name.Name)}
	}
	return named, nil
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

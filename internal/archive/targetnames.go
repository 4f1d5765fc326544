package archive

import (
	"context"
	"maps"
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// object is a target of the dictionary, and of which kind.
type object struct {
	target int32
	kind   auditlog.Text
}

// objectNames are the names of objects.
type objectNames map[object][]auditlog.Text

// TargetNames implements auditlog.TargetNamer, by the details that are here, and by what people are called as actors.
func (r *Reader) TargetNames(ctx context.Context, organization auditlog.ID,
	of []auditlog.Target) (map[auditlog.Target][]auditlog.Text, error) {
	v, err := r.open(ctx, organization)
	if err != nil || v == nil {
		return nil, err
	}
	defer v.close()
	wanted := make(map[auditlog.Target]bool, len(of))
	for _, target := range of {
		wanted[target] = true
	}
	log, signed, err := r.Archive.names(ctx, LogKey{r.Instance, string(organization)})
	if err != nil || log == nil {
		return nil, err
	}
	texts, _, err := r.Archive.textsOf(ctx, log.head.Words, targetsIn(signed))
	if err != nil {
		return nil, err
	}
	names := objectNames{}
	for _, name := range signed {
		its := object{name.Target, auditlog.Text(name.Object)}
		if wanted[auditlog.Target{Kind: its.kind, ID: texts(its.target)}] {
			names[its] = append(names[its], auditlog.Text(name.Name))
		}
	}
	if err := v.settle(ctx, names); err != nil {
		return nil, err
	}
	named := make(map[auditlog.Target][]auditlog.Text, len(names))
	for o, its := range names {
		named[auditlog.Target{Kind: o.kind, ID: texts(o.target)}] = its
	}
	if slices.ContainsFunc(of, func(t auditlog.Target) bool { return t.Kind == auditlog.KindUser }) {
		v.nameUsers(ctx, wanted, named)
	}
	return named, nil
}

// nameUsers adds what wanted people are called as actors, the latest name first.
func (v *view) nameUsers(ctx context.Context, wanted map[auditlog.Target]bool, named map[auditlog.Target][]auditlog.Text) {
	for _, number := range v.used(ctx, Actors) {
		actor := v.words.actor(number)
		if actor == nil || actor.Name == "" {
			continue
		}
		if user := (auditlog.Target{Kind: auditlog.KindUser, ID: auditlog.Text(actor.ID)}); wanted[user] {
			named[user] = slices.Insert(named[user], 0, actor.Name) // numbers grow
		}
	}
}

// settle leaves out the objects that may not be seen, and puts the newest name of each first.
func (v *view) settle(ctx context.Context, names objectNames) error {
	several := maps.Clone(names)
	maps.DeleteFunc(several, func(_ object, its []auditlog.Text) bool { return len(its) == 1 })
	if !v.rights.Organization {
		of, err := v.visible(ctx)
		if err != nil {
			return err
		}
		of.Targets = names.targets()
		seen := map[object]bool{}
		if err := v.count(ctx, of, Grouping{Target: true, Event: true}, func(c *Count) {
			seen[object{c.Target, objectOf(v.words.event(c.Event))}] = true
		}); err != nil {
			return err
		}
		maps.DeleteFunc(names, func(o object, _ []auditlog.Text) bool { return !seen[o] })
	}
	if len(several) == 0 {
		return nil
	}
	var rows []counted
	for row, err := range v.rows.list(ctx, Selection{IDs: anywhere(), At: anywhere(), Targets: several.targets()}, fetched) {
		if err != nil {
			return err
		}
		if rows = append(rows, row); len(rows) < fetched {
			continue
		}
		if err := v.findNewest(ctx, rows, several); err != nil || len(several) == 0 {
			return err
		}
		rows = nil
	}
	return v.findNewest(ctx, rows, several)
}

// targets are those that are named.
func (n objectNames) targets() []int32 {
	ids := make([]int32, 0, len(n))
	for o := range n {
		ids = append(ids, o.target)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// findNewest puts the name first that the newest of some rows gives an object, and takes out the objects that are settled by that.
func (v *view) findNewest(ctx context.Context, rows []counted, of objectNames) error {
	rows = slices.DeleteFunc(rows, func(row counted) bool { return of[v.objectIn(&row)] == nil })
	ids := make([]int32, len(rows))
	for i, row := range rows {
		ids[i] = row.id
	}
	var detailed []Row
	for row, err := range v.archive.store.RowsAt(ctx, v.log, ids) {
		if err != nil {
			return err
		}
		if row.Details > 0 {
			detailed = append(detailed, *row)
		}
	}
	whole, err := v.archive.whole(ctx, v.log, v.of, detailed, nil, true)
	if err != nil {
		return err
	}
	entries := make(map[int32]*auditlog.Entry, len(whole))
	for i, entry := range whole {
		entries[int32(detailed[i].ID)] = entry //nolint:gosec // one of ids
	}
	for i := range rows {
		o, entry := v.objectIn(&rows[i]), entries[rows[i].id]
		if of[o] == nil || entry == nil {
			continue
		}
		for _, name := range entry.NamesOf(o.kind) {
			if at := slices.Index(of[o], name); at >= 0 {
				of[o][0], of[o][at] = of[o][at], of[o][0]
				delete(of, o)
				break
			}
		}
	}
	return nil
}

// objectIn is the object that a row is about.
func (v *view) objectIn(row *counted) object {
	return object{row.target, objectOf(v.words.event(row.event))}
}

package analysis

import (
	"context"
	"slices"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/redact"
)

// TargetNames are what objects are called, as it may be shown.
type TargetNames map[auditlog.Target]auditlog.Text

// TargetNames returns what the objects of some entries were called last: by the newest of the entries whose details name them, unless the
// archive knows that name, and with it may know a newer one. Entries may be nil. It asks Make nothing. With an error, it returns the names
// in the entries.
func (s *Service) TargetNames(ctx context.Context, organization auditlog.ID, entries []*auditlog.Entry) (TargetNames, error) {
	names, newest := TargetNames{}, map[auditlog.Target]*auditlog.Entry{}
	var targets []auditlog.Target
	for _, entry := range entries {
		if entry == nil || entry.TargetID == "" {
			continue
		}
		target := entry.Target()
		if _, known := newest[target]; !known {
			newest[target] = nil
			targets = append(targets, target)
		}
		its := entry.NamesOf(target.Kind)
		if before := newest[target]; len(its) > 0 && (before == nil || entry.TriggeredAt.After(before.TriggeredAt)) {
			newest[target], names[target] = entry, its[0]
		}
	}
	var archived map[auditlog.Target][]auditlog.Text
	var err error
	if namer, ok := s.Directory.(auditlog.TargetNamer); ok && len(targets) > 0 {
		archived, err = namer.TargetNames(ctx, organization, targets)
	}
	for target, known := range archived {
		if name, ok := names[target]; !ok || slices.Contains(known, name) {
			names[target] = known[0]
		}
	}
	for target, name := range names {
		names[target] = redact.Name(target.Kind, name)
	}
	return names, err
}

// mostNamed is how many groups get names: as many as an answer lists.
const mostNamed = 200

// nameTargets names the objects of the first groups.
func (s *Service) nameTargets(ctx context.Context, organization auditlog.ID, groups []*Group) error {
	var named []*Group
	var entries []*auditlog.Entry
	for _, group := range groups[:min(len(groups), mostNamed)] {
		if entry := group.entry(); entry != nil {
			named, entries = append(named, group), append(entries, entry)
		}
	}
	names, err := s.TargetNames(ctx, organization, entries)
	for i, group := range named {
		group.TargetName = names[entries[i].Target()]
	}
	return err
}

// entry is one such as a group by target holds, if all of them are about one object; else nil.
func (g *Group) entry() (one *auditlog.Entry) {
	at := slices.IndexFunc(g.Values, func(v Value) bool { return v.Dimension == GroupByTarget })
	if at < 0 {
		return nil
	}
	for _, event := range g.Events {
		entry := &auditlog.Entry{Event: event, TargetID: auditlog.Text(g.Values[at].ID)}
		if one != nil && one.Target() != entry.Target() {
			return nil
		}
		one = entry
	}
	return one
}

package archive

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// Access is what the source says, with what the archive holds of the log.
func (r *Reader) Access(ctx context.Context, organization auditlog.ID) (*auditlog.Access, error) {
	access, err := r.sourceAccess(ctx, organization)
	if err != nil {
		return nil, err
	}
	v, openErr := r.open(ctx, organization)
	if openErr != nil || v == nil {
		return access, nil
	}
	defer v.close()
	own := *access
	if own.Archive, err = v.span(ctx); err != nil {
		return access, nil
	}
	return &own, nil
}

// span is what a view holds.
func (v *view) span(ctx context.Context) (*auditlog.ArchiveSpan, error) {
	all := v.rows.whole()
	if !v.rights.Organization {
		of, err := v.visible(ctx)
		all = Count{}
		if err == nil {
			err = v.count(ctx, of, Grouping{}, func(c *Count) { all = *c })
		}
		if err != nil {
			return nil, err
		}
	}
	span := spanOf(all)
	span.From, span.AsOf = v.state.From, v.state.AsOf
	return &span, nil
}

// spanOf is what rows span.
func spanOf(all Count) (span auditlog.ArchiveSpan) {
	if span.Entries = int(all.Rows); span.Entries > 0 {
		span.FirstAt, span.LastAt = fromMicros(all.First), fromMicros(all.Last)
	}
	return span
}

// recalled is the directory snapshot of a log, where the key is the one that filled it and Make cannot be asked; else nil.
func (r *Reader) recalled(ctx context.Context, organization auditlog.ID, failure error) *directorySnapshot {
	if failure == nil || !r.IsOwn || !r.IsUnreachable(failure) {
		return nil
	}
	var snapshot *directorySnapshot
	r.Archive.snapshots(ctx, LogKey{r.Instance, string(organization)}, func(found *directorySnapshot) bool {
		snapshot = found
		return false
	})
	if snapshot == nil {
		return nil
	}
	snapshot.Access.Recalled = &auditlog.Recalled{Organization: snapshot.Organization.ID, AsOf: snapshot.asOf, Reason: failure}
	if snapshot.Catalog != nil {
		snapshot.Catalog.Recalled = snapshot.Access.Recalled
	}
	return snapshot
}

// snapshots calls yield with the directory snapshots of an instance's logs, or of one of them, until it returns false. What cannot be read,
// or believed, is left out: it is only a help.
func (a *Archive) snapshots(ctx context.Context, of LogKey, yield func(*directorySnapshot) bool) {
	_ = a.store.Snapshot(ctx, func(from Reads) error {
		h, err := a.headIn(ctx, from)
		if err != nil {
			return err
		}
		for i := range h.Logs {
			log := &h.Logs[i]
			if log.Instance != of.Instance || of.Organization != "" && log.Organization != of.Organization {
				continue
			}
			found, err := a.findIn(ctx, from, log.LogKey)
			if err != nil {
				continue
			}
			stored, err := from.Directory(ctx, found.Number)
			snapshot := &directorySnapshot{asOf: found.state.AsOf}
			if err == nil && hashDirectory(stored) == found.state.Directory && json.Unmarshal(stored, snapshot) == nil && !yield(snapshot) {
				return nil
			}
		}
		return nil
	})
}

// noDirectory is what a log has before its first directory snapshot.
const noDirectory = "{}"

// Account returns whose key it is.
func (r *Reader) Account(ctx context.Context) (auditlog.Account, error) {
	account, err := ask(ctx, r, func(ctx context.Context) (auditlog.Account, error) { return r.Source.Account(ctx) })
	if snapshot := r.recalled(ctx, "", err); snapshot != nil {
		return snapshot.Account, nil
	}
	return account, err
}

// UserTimezone returns the zone that a user lives in; empty where Make cannot be asked.
func (r *Reader) UserTimezone(ctx context.Context, organization, user auditlog.ID) string {
	zone, _ := ask(ctx, r, func(ctx context.Context) (string, error) {
		return r.Source.UserTimezone(ctx, organization, user), ctx.Err()
	})
	return zone
}

// Organizations lists the organizations that the key sees.
func (r *Reader) Organizations(ctx context.Context) ([]auditlog.Organization, error) {
	all, err := ask(ctx, r, func(ctx context.Context) ([]auditlog.Organization, error) { return r.Source.Organizations(ctx) })
	if r.recalled(ctx, "", err) == nil {
		return all, err
	}
	r.Archive.snapshots(ctx, LogKey{Instance: r.Instance}, func(snapshot *directorySnapshot) bool {
		all = append(all, snapshot.Organization)
		return true
	})
	return all, nil
}

// Catalog returns what an organization's log can be asked for.
func (r *Reader) Catalog(ctx context.Context, organization auditlog.ID) (*auditlog.Catalog, error) {
	catalog, err := ask(ctx, r, func(ctx context.Context) (*auditlog.Catalog, error) { return r.Source.Catalog(ctx, organization) })
	if snapshot := r.recalled(ctx, organization, err); snapshot != nil && snapshot.Catalog != nil {
		return snapshot.Catalog, nil
	}
	return catalog, err
}

// Roster returns the people whom Make lists, or listed at the last sync where it cannot be asked.
func (r *Reader) Roster(ctx context.Context, organization auditlog.ID) (*auditlog.Roster, error) {
	roster, err := ask(ctx, r, func(ctx context.Context) (*auditlog.Roster, error) { return r.Source.Roster(ctx, organization) })
	snapshot := r.recalled(ctx, organization, err)
	if snapshot == nil || snapshot.Catalog == nil {
		return roster, err
	}
	roster = &auditlog.Roster{Source: auditlog.RosterOfFilters, OfTeams: !snapshot.Access.Organization, Recalled: snapshot.Catalog.Recalled,
		Unknown: []string{snapshot.Catalog.Recalled.Error() + ": roles, last logins and two-factor states are not known"}}
	for _, user := range snapshot.Catalog.Users {
		roster.Members = append(roster.Members, auditlog.Member{Actor: user})
	}
	return roster, nil
}

var errNoDetails = errors.New("the archive does not hold them, and Make no longer has the entry")

// Detail returns an entry with its details, from the archive if they are there. An entry whose details are neither there nor Make's to give
// comes with a [auditlog.DetailsError].
func (r *Reader) Detail(ctx context.Context, organization auditlog.ID, uuid string) (*auditlog.Entry, error) {
	v, err := r.open(ctx, organization)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return r.Source.Detail(ctx, organization, uuid)
	}
	defer v.close()
	stored, err := v.detail(ctx, uuid)
	switch {
	case err != nil:
		return nil, err
	case stored != nil && len(stored.Details) > 0:
		return stored, nil
	}
	entry, err := ask(ctx, r, func(ctx context.Context) (*auditlog.Entry, error) { return r.Source.Detail(ctx, organization, uuid) })
	var gone *auditlog.NotFoundError
	switch {
	case stored == nil || err == nil:
		return entry, err
	case errors.As(err, &gone):
		return stored, &auditlog.DetailsError{Reason: errNoDetails}
	case r.IsOwn && r.IsUnreachable(err):
		return stored, &auditlog.DetailsError{Reason: err}
	}
	return nil, err
}

// detail is an entry as its newest record shows it, with details if a record has them; nil if it is not there or may not be seen.
func (v *view) detail(ctx context.Context, uuid string) (*auditlog.Entry, error) {
	key := keyOf(&auditlog.Entry{UUID: strings.ToLower(uuid)})
	var found []Row
	for row, err := range v.archive.store.RowsOf(ctx, v.log, []Key{key}) {
		if err != nil {
			return nil, err
		}
		found = append(found, *row)
	}
	entries, err := v.archive.whole(ctx, v.log, v.of, found, nil, true)
	if err != nil || len(entries) == 0 || !v.rights.sees(entries[0]) {
		return nil, err
	}
	return entries[0], v.checkNew(ctx, entries[0], &found[0])
}

// ObservedActors are the people in the archive's entries, and those that the source saw.
func (r *Reader) ObservedActors(ctx context.Context, organization auditlog.ID) []auditlog.Actor {
	v, err := r.open(ctx, organization)
	live := r.Source.ObservedActors(ctx, organization)
	if err != nil || v == nil {
		return live
	}
	defer v.close()
	return observed(v.words.actors.words, v.used(ctx, Actors), live, func(a auditlog.Actor) auditlog.ID { return a.ID })
}

// ObservedTeams are the teams in the archive's entries, and those that the source saw.
func (r *Reader) ObservedTeams(ctx context.Context, organization auditlog.ID) []auditlog.Ref {
	v, err := r.open(ctx, organization)
	live := r.Source.ObservedTeams(ctx, organization)
	if err != nil || v == nil {
		return live
	}
	defer v.close()
	return observed(v.words.refs.words, v.used(ctx, Refs), live, func(t auditlog.Ref) auditlog.ID { return t.ID })
}

// observed are the words that are used, and those that the source saw, by id.
func observed[T any](words []*T, used []int32, live []T, id func(T) auditlog.ID) []T {
	found := map[auditlog.ID]T{}
	for _, number := range used {
		if word := wordOf(words, number); word != nil {
			found[id(*word)] = *word // numbers grow, so the latest name stays
		}
	}
	for _, item := range live {
		found[id(item)] = item
	}
	return order.Sorted(maps.Values(found), func(a, b T) int { return id(a).Compare(id(b)) })
}

// used are the words that rows have that may be seen, ascending; as what was observed is a help, none where they cannot be read.
func (v *view) used(ctx context.Context, d Dictionary) (ids []int32) {
	if v.rights.Organization {
		ids, _ = v.rows.used(ctx, d)
		return ids
	}
	of, err := v.visible(ctx)
	if err == nil {
		err = v.count(ctx, of, d.grouping(), func(c *Count) { ids = append(ids, c.word(d)) })
	}
	if err != nil {
		return nil
	}
	slices.Sort(ids)
	return ids
}

// ObservedEvents are the events in the archive's entries, and those that the source saw.
func (r *Reader) ObservedEvents(ctx context.Context, organization auditlog.ID) []auditlog.Text {
	v, err := r.open(ctx, organization)
	events := r.Source.ObservedEvents(ctx, organization)
	if err != nil || v == nil {
		return events
	}
	defer v.close()
	for _, id := range v.used(ctx, Events) {
		if event := v.words.event(id); event != "" && !slices.Contains(events, event) {
			events = append(events, event)
		}
	}
	slices.Sort(events)
	return events
}

// AsOf is the instant as of which questions can be asked without a call.
func (r *Reader) AsOf(ctx context.Context, organization auditlog.ID) time.Time {
	v, err := r.open(ctx, organization)
	if err != nil || v == nil {
		return r.Source.AsOf(ctx, organization)
	}
	defer v.close()
	r.mu.Lock()
	defer r.mu.Unlock()
	asOf := v.state.AsOf
	if t := r.tails[organization]; t != nil && t.base.Equal(asOf) {
		asOf = t.asOf
	}
	if r.Now().Sub(asOf) > r.keep() {
		return time.Time{}
	}
	return asOf.Truncate(time.Millisecond)
}

// ArchiveStatus implements auditlog.ArchiveKeeper.
func (r *Reader) ArchiveStatus(ctx context.Context) (*auditlog.ArchiveStatus, error) {
	organizations, err := r.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	status := &auditlog.ArchiveStatus{}
	for _, organization := range organizations {
		if !organization.Here {
			continue
		}
		// What the archive does not have is not worth asking Make about.
		if log, err := r.Archive.findLog(ctx, LogKey{r.Instance, string(organization.ID)}); err != nil || log == nil {
			continue
		}
		if err := r.addStatus(ctx, &organization, status); err != nil {
			return nil, err
		}
	}
	h, err := r.Archive.lastHead(ctx)
	if err == nil && h.checkpoint != nil {
		status.Checkpoint, status.CheckpointAt = h.checkpoint.Note, h.checkpoint.At
	}
	return status, err
}

// addStatus adds what is held of an organization, if that may be read.
func (r *Reader) addStatus(ctx context.Context, of *auditlog.Organization, status *auditlog.ArchiveStatus) error {
	v, err := r.open(ctx, of.ID)
	if err != nil || v == nil {
		return err
	}
	defer v.close()
	span, err := v.span(ctx)
	if err != nil {
		return err
	}
	status.Logs = append(status.Logs, auditlog.ArchiveLog{
		Organization: of.Ref, Span: *span, Gaps: v.state.Gaps, Unreadable: len(v.state.Unreadable), Doubts: v.state.Doubts,
	})
	return nil
}

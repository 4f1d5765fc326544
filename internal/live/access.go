package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/makeapi"
)

// defaultRetentionDays is how long Make keeps the log where the license names no days. Source: https://help.make.com/audit-logs
const defaultRetentionDays = 365

// maxTeamProbes bounds the calls that find out which teams may be read.
const maxTeamProbes = 50

// Access returns what may be read of an organization's log. It asks: roles are hints only, since custom roles exist, so the answer to a
// list of the first entries decides. The first is the oldest one, and so also shows how far back the log goes.
func (r *Reader) Access(ctx context.Context, organization auditlog.ID) (*auditlog.Access, error) {
	return r.access.get(ctx, organization, func(ctx context.Context) (*auditlog.Access, error) {
		// Who asks is needed below, and counts to no organization's budget.
		var beside sync.WaitGroup
		defer beside.Wait()
		beside.Go(func() { _, _ = r.me(ctx) })

		access := &auditlog.Access{RetentionDays: defaultRetentionDays}
		// The license comes first, so that the rate budget is known before the rest.
		teams, err := r.askLicense(ctx, organization, access)
		if err != nil {
			return nil, err
		}
		oldest, listErr := r.oldest(ctx, endpoint{organization: organization})
		switch {
		case listErr == nil:
			access.Organization, access.Oldest = true, oldest
		case makeapi.IsKind(listErr, makeapi.KindForbidden, makeapi.KindNotFound):
			// Make may answer 404 to hide what may not be seen.
			access.Reason = reasonOf(listErr)
		case makeapi.IsKind(listErr, makeapi.KindPlan):
			access.Reason = reasonOf(listErr)
			return access, nil
		default:
			return nil, listErr
		}
		if err := r.probeTeams(ctx, organization, access, teams); err != nil {
			return nil, err
		}
		return access, nil
	})
}

// askLicense fills in what the organization's license allows, sets the rate budget by it, and returns the teams that came with it; nothing
// of that where the key may not see the organization.
func (r *Reader) askLicense(ctx context.Context, organization auditlog.ID, access *auditlog.Access) ([]makeapi.Ref, error) {
	found, err := r.client.Organizations.Get(ctx, makeapi.ID(organization))
	switch {
	case makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound, makeapi.KindPlan):
		return nil, nil // a limit that another key was shown stays
	case err != nil:
		return nil, err
	}
	if license := found.License; license != nil {
		access.APILimit = license.APILimit
		if license.AuditLogsDays > 0 {
			access.RetentionDays = license.AuditLogsDays
		}
		r.client.Budget().SetAPILimit(r.client.Instance(), makeapi.ID(organization), access.APILimit)
	}
	return found.Teams, nil
}

// probeTeams fills in the teams. Where the organization's list may be read, so may theirs; else each that can be known is asked.
func (r *Reader) probeTeams(ctx context.Context, organization auditlog.ID, access *auditlog.Access, refs []makeapi.Ref) error {
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	if !access.Organization {
		refs, err = r.knownTeams(ctx, organization, me, refs)
		if err != nil {
			return err
		}
	}
	for _, ref := range refs {
		team := auditlog.TeamAccess{Ref: refOf(ref), Readable: access.Organization}
		if role, ok := me.TeamRoles[ref.ID]; ok {
			team.Role, _ = r.roleName(ctx, organization, role)
		}
		access.Teams = append(access.Teams, team)
	}
	if access.Organization {
		return nil
	}
	// Teams that the user administers first, in case there are more than can be asked.
	isAdmin := func(team auditlog.TeamAccess) bool { return me.TeamRoles[makeapi.ID(team.ID)] == makeapi.RoleTeamAdmin }
	order.By(access.Teams, func(a, b auditlog.TeamAccess) int {
		switch {
		case isAdmin(a) == isAdmin(b):
			return 0
		case isAdmin(a):
			return -1
		}
		return 1
	})
	probed := access.Teams[:min(len(access.Teams), maxTeamProbes)]
	oldest := make([]time.Time, len(probed))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.options.Parallel)
	for i := range probed {
		group.Go(func() error {
			at, err := r.oldest(groupCtx, endpoint{organization, probed[i].ID})
			if makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound) {
				return nil
			}
			probed[i].Readable, oldest[i] = err == nil, at
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	access.Oldest = earliest(oldest)
	return nil
}

// knownTeams gathers an organization's teams from wherever the key may see them: the organization, the list of teams, and the user's own
// roles.
func (r *Reader) knownTeams(ctx context.Context, organization auditlog.ID, me *makeapi.CurrentUser,
	refs []makeapi.Ref) ([]makeapi.Ref, error) {
	teams, err := r.client.Teams.List(ctx, makeapi.ID(organization))
	if err != nil && !makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound) {
		return nil, err
	}
	for _, team := range teams {
		refs = append(refs, makeapi.Ref{ID: team.ID, Name: team.Name})
	}
	refs = appendNew(nil, refs, func(ref makeapi.Ref) makeapi.ID { return ref.ID })
	for id := range me.TeamRoles {
		if len(refs) >= maxTeamProbes || slices.ContainsFunc(refs, func(ref makeapi.Ref) bool { return ref.ID == id }) {
			continue
		}
		team, err := r.client.Teams.Get(ctx, id)
		switch {
		case makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound):
		case err != nil:
			return nil, err
		case team.Organization == makeapi.ID(organization):
			refs = append(refs, makeapi.Ref{ID: team.ID, Name: team.Name})
		}
	}
	order.By(refs, func(a, b makeapi.Ref) int { return auditlog.ID(a.ID).Compare(auditlog.ID(b.ID)) })
	return refs, nil
}

// oldestProbe is how many entries the probe asks for: a few, in case the first cannot be read.
const oldestProbe = 10

// oldest asks a list for its oldest entry; zero if it has none.
func (r *Reader) oldest(ctx context.Context, list endpoint) (time.Time, error) {
	page, err := list.fetch(ctx, r.client, makeapi.ListOptions{SortBy: makeapi.SortByTriggeredAt, SortDir: makeapi.Ascending,
		Limit: oldestProbe})
	if err != nil {
		return time.Time{}, err
	}
	times := make([]time.Time, 0, len(page.Entries))
	for _, entry := range page.Entries {
		times = append(times, entry.TriggeredAt)
	}
	return earliest(times), nil
}

// earliest returns the earliest of those that are not zero; zero if there is none.
func earliest(times []time.Time) time.Time {
	times = slices.DeleteFunc(times, time.Time.IsZero)
	if len(times) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(times, time.Time.Compare)
}

// reasonOf explains a refusal with what helps against it.
func reasonOf(err error) string {
	var answer *makeapi.Error
	if errors.As(err, &answer) {
		return fmt.Sprintf("%s; %s", auditlog.Text(answer.Error()).Clean(), answer.NextStep())
	}
	return auditlog.Text(err.Error()).Clean()
}

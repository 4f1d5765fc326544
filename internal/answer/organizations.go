package answer

import (
	"fmt"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// maxTeamsListed bounds the teams that are listed of one organization.
const maxTeamsListed = 40

// Organizations shows what the key can see.
func Organizations(overview *analysis.Overview) *schemas.ListOrganizationsResult {
	result := &schemas.ListOrganizationsResult{
		User:               schemas.User{Actor: overview.Account.User, Timezone: auditlog.Text(overview.Account.Timezone).Clean()},
		Organizations:      []schemas.Organization{},
		OrganizationsTotal: overview.Total,
		Warnings:           []string{},
	}
	for _, organization := range overview.Organizations {
		shown := schemas.Organization{Ref: organization.Ref, Zone: organization.Zone, Role: organization.Role, Teams: []schemas.Team{}}
		switch {
		case !organization.Here:
			shown.Reason = "this organization lives in another zone; set MAKE_ZONE to " + organization.Zone.Quote() +
				", with a key of that zone"
		case organization.Failure != nil:
			shown.Reason = "not known now: " + auditlog.Text(Explain(organization.Failure)).Clean()
		case organization.Access == nil:
			shown.Reason = fmt.Sprintf("not asked: only the first %d organizations are", analysis.MaxOrganizationsAsked)
		default:
			addAccess(&shown, organization.Access, overview.Location)
			if organization.Access.Recalled != nil {
				result.Warn(organization.Access.Recalled.Error())
			}
		}
		result.Organizations = append(result.Organizations, shown)
	}
	cutOrganizations(result)
	return result
}

// cutOrganizations cuts the organizations, and the teams of each, to what fits.
func cutOrganizations(r *schemas.ListOrganizationsResult) {
	size := DefaultSize - Size(r.User) - Size(r.Warnings) - 600 // for the rest of the result
	for i := range r.Organizations {
		organization := &r.Organizations[i]
		teams := organization.Teams
		organization.Teams = []schemas.Team{}
		size -= Size(organization) + len(",")
		if size < 0 && i > 0 {
			r.Organizations = r.Organizations[:i]
			break
		}
		organization.Teams = cutList(teams, maxTeamsListed, &size)
		if cut := organization.TeamsTotal - len(organization.Teams); cut > 0 {
			r.Warn(fmt.Sprintf("%d more teams of organization %s are not listed here; list_audit_log_filters with kind teams finds them",
				cut, auditlog.Text(organization.ID)))
		}
	}
	if cut := r.OrganizationsTotal - len(r.Organizations); cut > 0 {
		r.Warn(fmt.Sprintf("%d more organizations are not listed here", cut))
	}
}

func addAccess(shown *schemas.Organization, access *auditlog.Access, location *time.Location) {
	shown.CanReadAuditLogs = access.Readable()
	shown.Reason = access.Reason
	if access.APILimit > 0 {
		shown.APILimitPerMinute = &access.APILimit
	}
	if access.Readable() {
		shown.RetentionDays = &access.RetentionDays
	}
	if !access.Oldest.IsZero() {
		shown.OldestEntryAt = Time(access.Oldest, location)
	}
	if archive := access.Archive; archive != nil {
		shown.Archive = &schemas.Archive{Entries: archive.Entries, AsOf: Time(archive.AsOf, location)}
		if archive.Entries > 0 {
			shown.Archive.FirstAt, shown.Archive.LastAt = Time(archive.FirstAt, location), Time(archive.LastAt, location)
		}
	}
	shown.Teams, shown.TeamsTotal = firstOf(access.Teams, len(access.Teams), func(t auditlog.TeamAccess) schemas.Team {
		return schemas.Team{Ref: t.Ref, Role: t.Role, CanReadAuditLogs: t.Readable}
	})
}

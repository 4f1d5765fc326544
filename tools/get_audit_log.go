package tools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// maxFailureShown bounds what a warning says of a failure.
const maxFailureShown = 1_000

func getAuditLog() Tool {
	return New(Tool{
		Name:  "get_audit_log",
		Title: "Get entries with details",
		Description: "Gets 1 to 20 audit log entries by uuid with their details, such as the name of a webhook or what was changed. Each " +
			"costs one call to Make; list_audit_logs finds uuids. Secrets in details are masked.",
		Answers: "Details of entries: get_audit_log.",
	}, handleGetAuditLog)
}

func handleGetAuditLog(
	ctx context.Context, service *analysis.Service, arguments schemas.GetAuditLogArguments,
) (*schemas.GetAuditLogResult, error) {
	wanted := make([]string, 0, len(arguments.UUID))
	for _, uuid := range arguments.UUID {
		if !slices.Contains(wanted, uuid) {
			wanted = append(wanted, uuid)
		}
	}
	if err := checkUUIDs(wanted); err != nil {
		return nil, err
	}
	organization, err := service.ResolveOrganization(ctx, organizationID(arguments.OrganizationID))
	if err != nil {
		return nil, err
	}
	location, err := service.ResolveLocation(ctx, "")
	if err != nil {
		return nil, err
	}
	catalog, catalogErr := service.Directory.Catalog(ctx, organization.ID)
	if errors.Is(catalogErr, context.Canceled) {
		return nil, catalogErr
	}
	style := answer.EntryStyle{Location: location, Detailed: true, Catalog: catalog}
	entries, failures := service.Details(ctx, organization.ID, wanted)
	var namesErr error
	style.Names, namesErr = service.TargetNames(ctx, organization.ID, entries)
	result, err := collectDetails(organization.Ref, style, wanted, entries, failures)
	if result != nil {
		answer.WarnOfNames(result, namesErr)
	}
	if catalogErr == nil || result == nil {
		return result, err
	}
	why := auditlog.Text(answer.Explain(catalogErr)).CleanTo(maxFailureShown)
	result.Warn("labels and categories are missing: " + why)
	if err != nil {
		err = &resultError{fmt.Errorf("%w. It may also be the reason that the audit log cannot be read: %s", err, why)}
	}
	return result, err
}

// details are the entries that were asked for, as far as they could be read.
type details struct {
	result *schemas.GetAuditLogResult
	// spare is the room that is left for entries, in characters; negative once one did not fit.
	spare int
	// failed and bare are the last failure of an entry, and of its details alone.
	failed error
	bare   *auditlog.DetailsError
}

func collectDetails(
	organization auditlog.Ref, style answer.EntryStyle, wanted []string, entries []*auditlog.Entry, failures []error,
) (*schemas.GetAuditLogResult, error) {
	result := &schemas.GetAuditLogResult{Organization: organization, Entries: []schemas.Entry{}, NotFound: []string{}, Warnings: []string{}}
	// Kept free for the uuids without an entry and for the warnings.
	d := &details{result: result, spare: answer.LargeSize - answer.Size(result) - answer.Size(wanted) - 2_000}
	for i, uuid := range wanted {
		d.add(style, uuid, entries[i], failures[i])
	}
	d.warn()
	switch {
	case len(result.Entries) == 0 && d.failed != nil:
		return nil, d.failed
	case len(result.Entries) == 0:
		return result, &resultError{fmt.Errorf("none of these uuids exists in organization %s (id %s), or they may not be seen: %s. "+
			"Next: take uuids from list_audit_logs, and check organization_id; Make keeps entries for 12 months", organization.Name.Quote(), organization.ID, strings.Join(result.NotFound, ", "))}
	}
	return result, nil
}

func (d *details) add(style answer.EntryStyle, uuid string, entry *auditlog.Entry, failure error) {
	if errors.As(failure, &d.bare) {
		failure = nil // it is shown as it is
	}
	var missing *auditlog.NotFoundError
	switch {
	case errors.As(failure, &missing):
		d.result.NotFound = append(d.result.NotFound, uuid)
		return
	case failure != nil:
		d.failed = failure
	case d.spare >= 0:
		shown := style.Entry(entry)
		d.spare -= answer.Size(shown)
		if d.spare >= 0 {
			d.result.Entries = append(d.result.Entries, shown)
			return
		}
	}
	d.result.NotRead = append(d.result.NotRead, uuid)
}

func (d *details) warn() {
	if d.failed != nil {
		d.result.Warn("some entries could not be read, see not_read: " + auditlog.Text(answer.Explain(d.failed)).CleanTo(maxFailureShown))
	}
	if d.bare != nil {
		d.result.Warn("some entries are shown without details: " + auditlog.Text(answer.Explain(d.bare.Reason)).CleanTo(maxFailureShown))
	}
	if d.spare < 0 {
		d.result.Warn("some entries were left out, since the answer would be too large: ask for those in not_read")
	}
}

// checkUUIDs refuses what cannot be a uuid: it becomes part of a path.
func checkUUIDs(uuids []string) error {
	var problems []schemas.Problem
	for _, uuid := range uuids {
		if !auditlog.ID(uuid).IsPlain() || len(uuid) < 8 {
			problems = append(problems, schemas.Problem{Argument: "uuid",
				Message: auditlog.Text(uuid).Quote() + " is no uuid; accepted: letters, digits and dashes, e.g. " +
					"4c7ac4f8-54a8-4b5f-a1f0-1a5d0bb25e0d; list_audit_logs shows them"})
		}
	}
	if len(problems) > 0 {
		return &schemas.ArgumentError{Problems: problems}
	}
	return nil
}

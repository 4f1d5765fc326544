package tools

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

func fetch() Tool {
	return New(Tool{
		Name:  "fetch",
		Title: "One entry as a document",
		Description: "Gets one audit log entry with its details as text, by the id that search returns. Secrets in details are masked. " +
			"get_audit_log gets several.",
		Optional: true,
	}, handleFetch)
}

func handleFetch(ctx context.Context, service *analysis.Service, arguments schemas.FetchArguments) (*schemas.FetchResult, error) {
	organization, uuid := answer.ParseDocumentID(arguments.ID)
	number := int64(0)
	if organization != "" {
		var err error
		if number, err = strconv.ParseInt(string(organization), 10, 64); err != nil || number < 1 {
			return nil, &schemas.ArgumentError{Problems: []schemas.Problem{{Argument: "id", Message: auditlog.Text(arguments.ID).Quote() +
				" is no id of an entry; accepted: what search returns, e.g. 4721/4c7ac4f8-54a8-4b5f-a1f0-1a5d0bb25e0d, or a uuid"}}}
		}
	}
	found, err := handleGetAuditLog(ctx, service, schemas.GetAuditLogArguments{UUID: []string{uuid}, OrganizationID: number})
	switch {
	case found != nil && len(found.NotFound) > 0:
		return nil, fmt.Errorf("there is no entry %s in organization %s, or it may not be seen. Next: take ids from search; Make keeps "+
			"entries for 12 months", auditlog.Text(uuid).Quote(), found.Organization.ID)
	case err != nil:
		if wrong, ok := errors.AsType[*schemas.ArgumentError](err); ok {
			for i := range wrong.Problems {
				wrong.Problems[i].Argument = "id" // the only one that this tool has
			}
		}
		return nil, err
	case len(found.Entries) == 0:
		return nil, errors.New("this entry is too large for a tool's answer. Next: read it as the resource " +
			answer.AddressOf(found.Organization.ID, uuid))
	}
	entry := &found.Entries[0]
	result := &schemas.FetchResult{
		ID: answer.DocumentID(found.Organization.ID, entry.UUID), Title: answer.Title(entry),
		URL: answer.AddressOf(found.Organization.ID, entry.UUID), Warnings: found.Warnings,
		Metadata: schemas.FetchMetadata{OrganizationID: string(found.Organization.ID), UUID: entry.UUID, TriggeredAt: entry.TriggeredAt,
			Event: entry.Event.Clean(), TargetID: entry.TargetID.Clean()},
	}
	if entry.Actor != nil {
		result.Metadata.ActorID = auditlog.Text(entry.Actor.ID).Clean()
	}
	if entry.Team != nil {
		result.Metadata.TeamID = auditlog.Text(entry.Team.ID).Clean()
	}
	if result.Text = documentOf(entry); answer.Size(result) > answer.LargeSize-answer.SpareSize {
		entry.Details, entry.Extra, entry.Masked = nil, nil, nil
		result.Text = documentOf(entry)
		result.Warn("its details are left out: as text they are too large; get_audit_log has them")
	}
	return result, nil
}

// documentOf is an entry as indented JSON.
func documentOf(entry *schemas.Entry) string {
	var text bytes.Buffer
	encoder := auditlog.PlainEncoder(&text)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(entry); err != nil {
		panic(err) // entries are plain data
	}
	return text.String()
}

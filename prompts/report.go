package prompts

import (
	"context"
	"errors"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/report"
	"make-audit-mcp/schemas"
)

func evidencePack() prompt[schemas.ReportArguments] {
	return prompt[schemas.ReportArguments]{
		name:  "report",
		title: "Evidence for an audit",
		description: "The main numbers of a period, each with the question that gives it again: counts, changes of scenarios, privileged " +
			"actions, people, findings, and what is not covered. Default: the last 90 days.",
		collect: func(ctx context.Context, service *analysis.Service, a schemas.ReportArguments) (string, []part, error) {
			made, err := report.Gather(ctx, service, report.Request{
				Kind: report.Kind(a.Kind), Room: report.Message(), OrganizationID: a.OrganizationID, Teams: listOf(a.Team),
				From: a.From, To: a.To, Period: a.Period, Timezone: a.Timezone,
			})
			if err != nil {
				return "", nil, err
			}
			var parts []part
			for _, section := range made.Sections {
				if section.ID == report.ScopeID {
					continue // about the key, and not about the log
				}
				for _, q := range section.Questions {
					parts = append(parts, partOf(q))
				}
			}
			window := schemas.Window{From: made.Query.From, To: made.Query.To, Timezone: made.Query.Timezone}
			span := filter{Filter: schemas.Filter{Window: window}}.span()
			ofAll := ""
			if a.Team != "" {
				ofAll = " It is about one team, but what single people did is of the whole organization, by which findings were judged, too; and " +
					"what was done to the organization itself has no team."
			}
			return "Evidence of a Make.com organization's audit log for an auditor, " + span + ": what does it show, what needs an " +
				"explanation, what is not covered or could not be read, and what does this data not prove? The lists are short; " +
				"the program's command report writes the whole document, with longer ones and, from an archive, with a proof." + ofAll, parts, nil
		},
	}
}

// partOf is a question of a report.
func partOf(q report.Question) part {
	p := part{tool: q.Tool, arguments: q.Arguments, answer: q.Answer}
	if q.Error != "" {
		p.err = errors.New(q.Error)
	}
	return p
}

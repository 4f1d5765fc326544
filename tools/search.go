package tools

import (
	"context"
	"fmt"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// How many entries a search returns at most, and how far back it goes that names no time.
const (
	searchLimit = 20
	searchDays  = 30
)

// search and fetch are what ChatGPT's connectors and deep research ask for: https://platform.openai.com/docs/mcp.
func search() Tool {
	return New(Tool{
		Name:  "search",
		Title: "Search entries by words",
		Description: "Finds the newest audit log entries by words: people, teams, events, what was done, ids, times (default the last 30 days). " +
			"not_understood has the words that it passed over. list_audit_logs takes exact filters.",
		Answers:  "Entries by words: search, and one of them: fetch.",
		Example:  `{"query": "webhooks deleted last week"}`,
		Optional: true,
	}, handleSearch)
}

func handleSearch(ctx context.Context, service *analysis.Service, arguments schemas.SearchArguments) (*schemas.SearchResult, error) {
	words, err := service.Understand(ctx, arguments.Query)
	if err != nil {
		return nil, err
	}
	asked, err := service.Resolve(ctx, words.Filter, searchDays)
	if err != nil {
		return nil, err
	}
	limit := searchLimit
	if words.IsBlind() {
		limit = 1 // only for what is covered
	}
	listing, err := service.List(ctx, asked.Query, question.Order{}, nil, limit)
	if err != nil {
		return nil, err
	}
	result := &schemas.SearchResult{Answer: answer.Common(asked, listing.Report), Results: []schemas.SearchHit{},
		NotUnderstood: []auditlog.Text{}}
	for _, word := range words.NotUnderstood {
		result.NotUnderstood = append(result.NotUnderstood, auditlog.Text(word))
	}
	for _, note := range words.Notes {
		result.Warn(note)
	}
	if words.IsBlind() {
		result.Warn("nothing was searched for, since results would go by other words than the question; accepted: whole names or addresses of people, names of teams, events, " +
			"categories or verbs such as deleted, times such as last week, since 7d or 2026-11, and the id of an object behind its kind, " +
			"e.g. webhook 991")
		return result, nil
	}
	if words.IsCrossed {
		result.Warn("each thing done was taken for each kind of object: query.event has what was searched for; ask for one of them at a time " +
			"to tell them apart")
	}
	if len(words.NotUnderstood) > 0 {
		result.Warn("results do not go by the words in not_understood: they are no names, addresses, events or times known here")
	}
	if listing.Total >= 0 {
		result.Total = &listing.Total
	}
	style := answer.EntryStyle{Location: asked.Query.Window.Location}
	style.Names, err = service.TargetNames(ctx, asked.Query.Organization.ID, listing.Entries)
	answer.WarnOfNames(result, err)
	for _, entry := range listing.Entries {
		shown := style.Entry(entry)
		result.Results = append(result.Results, schemas.SearchHit{ID: answer.DocumentID(asked.Query.Organization.ID, shown.UUID),
			Title: answer.Title(&shown), URL: answer.AddressOf(asked.Query.Organization.ID, shown.UUID)})
	}
	if len(result.Results) == 0 {
		result.Warn(answer.WhyEmpty(&result.Answer, &asked.Query))
		if f := words.Filter; f.From+f.Period+f.To == "" {
			result.Warn(fmt.Sprintf("the query names no time, so no entry from before the last %d days was searched; for older ones add a time, "+
				"e.g. since 365d", searchDays))
		}
	}
	if len(asked.Query.Events) > 0 { // without, the whole window would be read
		keptOut, err := service.CountKeptOutByNoTeam(ctx, asked.Query, question.Hours{}, 0)
		answer.WarnOfTeams(&result.Answer, keptOut, err)
	}
	all := result.Results
	return result, cutPage(all, answer.DefaultSize, result, func(shown []schemas.SearchHit) error {
		result.Results = shown
		return nil
	})
}

package answer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

func at() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 5_000_000, time.UTC) }

func prague(t *testing.T) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	return location
}

func TestTheCommonPartRepeatsTheQuestionWithinBounds(t *testing.T) {
	t.Parallel()
	location := prague(t)
	asked := &question.Question{Notes: []string{"a note"}, Query: auditlog.Query{
		Organization: auditlog.Ref{ID: "7", Name: "Acme"},
		Window:       auditlog.Window{From: at().AddDate(0, -1, 0), To: at(), Location: location}, System: true, NoTeam: true,
	}}
	for i := range 100 {
		id := auditlog.ID(fmt.Sprint(i))
		long := auditlog.Text(strings.Repeat("n", 290))
		asked.Query.Actors = append(asked.Query.Actors, auditlog.Actor{ID: id, Name: long, Email: long})
		asked.Query.ExcludeActors = append(asked.Query.ExcludeActors, auditlog.Actor{ID: id})
		asked.Query.Teams = append(asked.Query.Teams, auditlog.Ref{ID: id, Name: long})
		asked.Query.Events = append(asked.Query.Events, auditlog.Event{Value: auditlog.Text(fmt.Sprint("event_", i))})
		asked.Query.ExcludeEvents = append(asked.Query.ExcludeEvents, auditlog.Event{Value: auditlog.Text(fmt.Sprint("not_", i))})
	}
	report := auditlog.Report{Source: "live", Endpoint: "teams", Unreadable: []auditlog.Span{{}, {}}, Warnings: []string{"a warning"}}
	report.Coverage.Gaps = []auditlog.Gap{{From: asked.Query.Window.From, To: at(), Reason: "lost"}}
	common := answer.Common(asked, report)
	assert.Equal(t, "2026-10-20T14:00:00.005+02:00", common.Query.From)
	assert.Equal(t, "2026-11-20T13:00:00.005+01:00", common.Query.To)
	assert.Equal(t, []int{101, 101, 100, 100, 100}, []int{common.Query.TeamTotal, common.Query.ActorTotal,
		common.Query.ExcludeActorTotal, common.Query.EventTotal, common.Query.ExcludeEventTotal})
	assert.Equal(t, auditlog.ID(""), common.Query.Actor[0].ID, "the system first")
	assert.Less(t, answer.Size(common), answer.DefaultSize-2000)
	assert.Nil(t, common.Coverage.From)
	assert.Equal(t, []string{"a note", "a warning"}, common.Warnings)
	data, err := json.Marshal(common)
	require.NoError(t, err)
	assert.Contains(t, string(data), `"gaps":[{`)

	plain := answer.Common(&question.Question{Query: auditlog.Query{Window: auditlog.Window{From: at(), To: at(), Location: time.UTC}}},
		auditlog.Report{})
	assert.NotNil(t, plain.Warnings)
	assert.NotNil(t, plain.Coverage.Gaps)
}

func TestEntriesAreShownCleanAndMasked(t *testing.T) {
	t.Parallel()
	entry := &auditlog.Entry{
		UUID: "u\u200bid", TriggeredAt: at(), CreatedAt: at().Add(time.Hour), Event: "key_created", Organization: &auditlog.Ref{ID: "7"},
		Details: json.RawMessage(`{"apiKey":"s3cret","name":"x\u202e"}`),
		Extra:   map[string]json.RawMessage{"token": json.RawMessage(`"s3cret"`), "ip\u200b": json.RawMessage(`"1.2.3.4"`)},
	}
	catalog := &auditlog.Catalog{Events: []auditlog.Event{{Value: "key_created", Label: "Key created", Category: "Keys"}}}
	concise := answer.EntryStyle{Location: prague(t)}.Entry(entry)
	assert.Equal(t, "uid", concise.UUID)
	assert.Equal(t, "2026-11-20T13:00:00.005+01:00", concise.TriggeredAt)
	assert.Empty(t, concise.CreatedAt)
	assert.Nil(t, concise.Extra)
	detailed := answer.EntryStyle{Location: time.UTC, Detailed: true, Catalog: catalog}.Entry(entry)
	assert.Equal(t, "2026-11-20T13:00:00.005Z", detailed.CreatedAt)
	assert.Equal(t, [2]auditlog.Text{"Key created", "Keys"}, [2]auditlog.Text{detailed.Label, detailed.Category})
	assert.JSONEq(t, `{"apiKey":"[masked]","name":"x"}`, string(detailed.Details))
	assert.JSONEq(t, `{"token":"[masked]","ip":"1.2.3.4"}`, string(detailed.Extra))
	assert.Equal(t, []string{"apiKey", "extra.token"}, detailed.Masked)
	broken := answer.EntryStyle{Location: time.UTC}.Entry(&auditlog.Entry{Details: json.RawMessage(`{"a":`)})
	assert.Equal(t, `"[unreadable: 5 bytes]"`, string(broken.Details))
}

func TestNamesThatCouldNotBeReadAreSaidToBeMissing(t *testing.T) {
	t.Parallel()
	result := &schemas.GetAuditLogResult{}
	answer.WarnOfNames(result, nil)
	assert.Empty(t, result.Warnings)
	answer.WarnOfNames(result, errors.New("the archive\u200b is damaged"))
	assert.Equal(t, []string{"names of objects are missing: the archive is damaged"}, result.Warnings)
}

func TestOnlyWholeItemsFit(t *testing.T) {
	t.Parallel()
	items := []string{"aa", "bb", "cc"} // five characters each, with its comma
	assert.Equal(t, []int{0, 1, 1, 2, 3, 3}, []int{
		answer.Fit(items, 4), answer.Fit(items, 5), answer.Fit(items, 9), answer.Fit(items, 10), answer.Fit(items, 15),
		answer.Fit(items, 99),
	})
	assert.Equal(t, 3, answer.Size("č"), "characters, not bytes")
}

type advised struct{ error }

func (advised) NextStep() string { return "call \u202eBob\nnow" }

func TestErrorsAreExplainedWithTheNextStep(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "it broke. Next: call Bob now", answer.Explain(advised{errors.New("it broke. ")}))
	assert.Contains(t, answer.Explain(fmt.Errorf("reading: %w", context.DeadlineExceeded)), "Next: ask again")
	// A try that timed out is not the call's time used up.
	assert.Equal(t, "no answer: context deadline exceeded. Next: call Bob now",
		answer.Explain(advised{fmt.Errorf("no answer: %w", context.DeadlineExceeded)}))
	assert.Equal(t, "evil text", answer.Explain(errors.New("ev\u200bil\n\x1b[2Jtext")))
	both := answer.Explain(errors.Join(&question.TimeError{Argument: "from", Value: "x", Problem: "is not a time"},
		&question.NameError{What: "team", Want: "y"}))
	assert.Contains(t, both, `from "x"`)
	assert.Contains(t, both, "\nno team")
	problems := make([]schemas.Problem, 3)
	for i := range problems {
		problems[i].Message = strings.Repeat("x", 9_000)
	}
	assert.LessOrEqual(t, len([]rune(answer.Explain(&schemas.ArgumentError{Problems: problems}))), 8_001)
}

func TestNamesThatNothingHasAreAnsweredWithTheToolThatListsThem(t *testing.T) {
	t.Parallel()
	for kind, next := range map[string]string{
		"actor":  "; call list_audit_log_filters with kind users for the names valid now",
		"team":   "; call list_audit_log_filters with kind teams for the names valid now",
		"kind":   "; call list_audit_log_filters with kind events for the categories valid now",
		"event":  "; call list_audit_log_filters with kind events for the events valid now",
		"object": "pass those of the object that is meant",
	} {
		unknown := &question.NameError{What: kind, Want: "y"}
		assert.True(t, strings.HasSuffix(answer.Explain(unknown), next), "%s: %s", kind, answer.Explain(unknown))
		assert.True(t, strings.HasSuffix(answer.Explain(fmt.Errorf("asking: %w", unknown)), next), kind)
		assert.Contains(t, answer.Explain(errors.Join(unknown, errors.New("another"))), next+"\nanother")
	}
	doubtful := &question.NameError{What: "team", Want: "y", Ambiguous: true, Candidates: []string{"a", "b"}}
	assert.Equal(t, doubtful.Error(), answer.Explain(doubtful), "who has names to choose from needs no list")
	assert.Contains(t, answer.Explain(&auditlog.NotFoundError{UUID: "u"}), "Next: take uuids from list_audit_logs")
}

func TestCatalogsAreCutWithTheirTotals(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{}
	for i := range 2_000 {
		id := auditlog.ID(fmt.Sprint(i))
		catalog.Users = append(catalog.Users, auditlog.Actor{ID: id, Name: auditlog.Text(fmt.Sprint("Person ", i)), Email: "p@example.com"})
		catalog.Teams = append(catalog.Teams, auditlog.Ref{ID: id, Name: auditlog.Text(fmt.Sprint("Team ", i))})
		catalog.Events = append(catalog.Events, auditlog.Event{Value: auditlog.Text(fmt.Sprint("event_", i)), Label: "Label",
			Category: "Čategory"})
	}
	for _, request := range []answer.CatalogRequest{{}, {Limit: 1000}, {Kind: "users"}, {Kind: "teams", Limit: 5}, {Search: "1"},
		{Search: "cate", Limit: 7}} {
		result := answer.Catalog(auditlog.Ref{ID: "1"}, catalog, request)
		limit := answer.DefaultSize
		if request.Limit > 0 {
			limit = answer.LargeSize
		}
		assert.Less(t, answer.Size(result), limit, "%+v", request)
		assert.NotEmpty(t, result.Warnings)
		if request.Search == "" {
			assert.Equal(t, []int{2000, 2000, 2000}, []int{result.TeamsTotal, result.UsersTotal, result.EventsTotal})
		}
		if request.Limit > 0 {
			assert.LessOrEqual(t, max(len(result.Teams), len(result.Users), len(result.Events)), request.Limit)
		}
	}
}

func TestWhatATeamFilterKeepsOutIsSaidAsFarAsItIsKnown(t *testing.T) {
	t.Parallel()
	said := func(isComplete bool, keptOut int, failure error) string {
		a := schemas.Answer{Complete: isComplete}
		answer.WarnOfTeams(&a, keptOut, failure)
		return strings.Join(a.Warnings, "\n")
	}
	assert.Empty(t, said(true, 0, nil))
	assert.Contains(t, said(true, 3, nil), "keeps out 3 entries")
	assert.Contains(t, said(false, 3, nil), "keeps out at least 3 entries")
	assert.Contains(t, said(true, 0, errors.New("down")), "could not be counted")
}

func TestWhatAPersonHasIsCutWithItsTotalWhereThereIsMore(t *testing.T) {
	t.Parallel()
	shown := func(count int) schemas.Person {
		p := &analysis.Person{Status: analysis.Active}
		for i := range count {
			team := auditlog.Ref{ID: auditlog.ID(fmt.Sprint(i))}
			p.Teams = append(p.Teams, team)
			p.TeamRoles = append(p.TeamRoles, auditlog.TeamRole{Team: team, Role: "Team Member"})
			p.Powers = append(p.Powers, analysis.PowerUse{Object: "key", Made: 1})
		}
		return answer.Person(p, time.UTC)
	}
	for count, total := range map[int]int{0: 0, 6: 0, 7: 7} {
		got := shown(count)
		most := min(count, 6)
		assert.Equal(t, []int{most, most, most}, []int{len(got.Teams), len(got.TeamRoles), len(got.Powers)}, count)
		assert.Equal(t, []int{total, total, total}, []int{got.TeamsTotal, got.TeamRolesTotal, got.PowersTotal}, count)
	}
}

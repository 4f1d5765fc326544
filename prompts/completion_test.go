package prompts_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/prompts"
)

// form is an MCP client on pipes that fills in the arguments of a prompt.
type form struct {
	*mcptest.Client
	service *analysis.Service
}

func (u *upstream) form(key string) *form {
	u.T.Helper()
	service := u.Service(key)
	return newForm(u.T, service, nil)
}

func newForm(t testing.TB, service *analysis.Service, missing error) *form {
	t.Helper()
	config := prompts.Config{Service: func(context.Context) (*analysis.Service, error) { return service, missing }}
	served := server.NewMCPServer("test", "1", server.WithPromptCapabilities(false), server.WithCompletions(),
		server.WithPromptCompletionProvider(&prompts.Completer{Config: config}))
	served.AddPrompt(mcp.NewPrompt("review", mcp.WithArgument("actor")),
		func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return nil, http.ErrNotSupported
		})
	return &form{mcptest.Connect(t.Context(), t, served), service}
}

func (f *form) ask(argument, typed string, earlier map[string]string) (*mcp.CompleteResult, error) {
	request := mcp.CompleteRequest{}
	request.Params.Ref = mcp.PromptReference{Type: "ref/prompt", Name: "review"}
	request.Params.Argument = mcp.CompleteArgument{Name: argument, Value: typed}
	request.Params.Context = mcp.CompleteContext{Arguments: earlier}
	return f.Complete(f.T.Context(), request)
}

// values completes an argument, and checks what holds of each completion.
func (f *form) values(argument, typed string, earlier ...string) []string {
	f.T.Helper()
	var filled map[string]string
	if len(earlier) > 0 {
		filled = map[string]string{"organization_id": earlier[0]}
	}
	result, err := f.ask(argument, typed, filled)
	require.NoError(f.T, err)
	values := result.Completion.Values
	require.NotNil(f.T, values)
	require.LessOrEqual(f.T, len(values), 100)
	require.GreaterOrEqual(f.T, result.Completion.Total, len(values))
	require.Equal(f.T, result.Completion.Total > len(values), result.Completion.HasMore)
	for _, value := range values {
		mcptest.RequireClean(f.T, value)
		require.NotEmpty(f.T, value)
	}
	return values
}

func TestPeopleAreCompletedByWhateverIsKnownOfThem(t *testing.T) {
	t.Parallel()
	f := start(t, demoWorld()).form(makesim.DemoToken)
	const lucie = "lucie.maresova@northwind.example"
	for _, typed := range []string{"Lucie Marešová", "maresova", "MAREŠOVÁ", "cie mar", "lucie.m", "maresova@north", "5010"} {
		assert.Equal(t, []string{lucie}, f.values("actor", typed), typed)
	}
	assert.ElementsMatch(t, []string{"jan.novak@northwind.example", "jan.novak2@northwind.example"}, f.values("actor", "jan novak"),
		"two people of one name are told apart")
	assert.Contains(t, f.values("actor", "weiß"), "katharina.weiss@northwind.example")
	assert.Empty(t, f.values("actor", "010"), "an id is completed from its beginning")
	assert.Empty(t, f.values("actor", "nobody at all"))
	everybody := f.values("actor", "")
	assert.Greater(t, len(everybody), 30)
	assert.Equal(t, everybody, f.values("actor", "", "4721"))
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(everybody))), len(everybody), "each once")
}

func TestAPersonThatWasCompletedIsUnderstood(t *testing.T) {
	t.Parallel()
	f := start(t, demoWorld()).form(makesim.DemoToken)
	catalog, err := f.service.Directory.Catalog(t.Context(), "4721")
	require.NoError(t, err)
	for _, value := range f.values("actor", "") {
		actor, err := question.MatchActor(catalog, value, nil)
		require.NoError(t, err)
		assert.NotEmpty(t, actor.ID)
	}
}

func TestPeopleWhoLeftAreCompletedOnceSeen(t *testing.T) {
	t.Parallel()
	f := start(t, demoWorld()).form(makesim.DemoToken)
	assert.Empty(t, f.values("actor", "havelka"), "Make's catalog does not know who left")
	organization, err := f.service.ResolveOrganization(t.Context(), "")
	require.NoError(t, err)
	window := auditlog.Window{From: now().AddDate(0, 0, -30), To: now(), Location: now().Location()}
	_, err = f.service.List(t.Context(), auditlog.Query{Organization: organization.Ref, Window: window,
		Actors: []auditlog.Actor{{ID: "5019"}}}, question.Order{}, nil, 5)
	require.NoError(t, err)
	for _, typed := range []string{"havelka", "Marek H", "5019", "marek.havelka@"} {
		assert.Equal(t, []string{"marek.havelka@northwind.example"}, f.values("actor", typed), typed)
	}
}

func TestPeopleWithoutAnAddressAreCompletedByID(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = world.Entries[:20]
	world.Users = slices.Clone(world.Users)
	for i := range world.Users {
		if world.Users[i].ID == 5010 {
			world.Users[i].Email = ""
		}
	}
	f := start(t, &world).form(makesim.DemoToken)
	assert.Equal(t, []string{"5010"}, f.values("actor", "marešová"))
}

func TestTeamsAndEventsAreCompleted(t *testing.T) {
	t.Parallel()
	f := start(t, demoWorld()).form(makesim.DemoToken)
	assert.Len(t, f.values("team", ""), 8)
	assert.Equal(t, []string{"Logística Ibérica"}, f.values("team", "logistica"))
	assert.Equal(t, []string{"Marketing"}, f.values("team", "MARK"))
	assert.Equal(t, []string{"Marketing"}, f.values("team", "8105"))
	assert.Empty(t, f.values("team", "no such team"))

	assert.Equal(t, []string{"connection_deleted"}, f.values("event", "connection deleted"), "by its label")
	assert.Equal(t, []string{"connection_deleted"}, f.values("event", "CONNECTION_DEL"))
	webhooks := f.values("event", "webhook")
	assert.Equal(t, "Webhooks", webhooks[0], "whole categories come first")
	assert.Contains(t, webhooks, "webhook_disabled")
	assert.Len(t, webhooks, 6)
	everything := f.values("event", "")
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(everything))), len(everything), "each once")
	for _, value := range everything {
		catalog, err := f.service.Directory.Catalog(t.Context(), "4721")
		require.NoError(t, err)
		_, err = question.MatchEvents(catalog, value)
		require.NoError(t, err, "what is completed is understood")
	}
}

func TestTimesAndOrganizationsAreCompleted(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld())
	f := u.form(makesim.DemoToken)
	// Times need nobody's answer.
	for typed, want := range map[string][]string{
		"THIS M": {"this month"}, " this": {"this week", "this month", "this quarter", "this year"}, "last": {},
		"3": {"30d"}, "al": {"all"}, "2026-10": {}, "x": {},
	} {
		assert.Equal(t, want, f.values("from", typed), typed)
	}
	assert.Contains(t, f.values("from", ""), "30d")
	assert.Equal(t, []string{"now", "today", "yesterday"}, f.values("to", ""))
	assert.Equal(t, []string{"last month"}, f.values("period", "LAST M"))
	assert.Equal(t, []string{"access-review"}, f.values("kind", "acc"))
	assert.Empty(t, u.Requests())
	for argument, window := range map[string]question.WindowRequest{"from": {}, "to": {From: "7d"}, "period": {}} {
		for _, value := range f.values(argument, "") {
			window.Now, window.Location, window.Beginning, window.DefaultDays = now(), now().Location(), now().AddDate(-1, 0, 0), 7
			switch argument {
			case "from":
				window.From = value
			case "to":
				window.To = value
			case "period":
				window.Period = value
			}
			_, err := question.ParseWindow(window)
			assert.NoError(t, err, "what is completed is understood")
		}
	}

	for _, typed := range []string{"", "4", "4721", "northwind", "AUTOM"} {
		assert.Equal(t, []string{"4721"}, f.values("organization_id", typed), "the other one is in another zone")
	}
	assert.Empty(t, f.values("organization_id", "9"))
	for _, other := range []string{"timezone", "target_id", "uuid", "", "Actor"} {
		assert.Empty(t, f.values(other, "5"), other)
	}
}

func TestCompletionsOfPromptsAreBounded(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = world.Entries[:20]
	world.Users, world.OrganizationRoles = slices.Clone(world.Users), slices.Clone(world.OrganizationRoles)
	world.Organizations = slices.Clone(world.Organizations)
	world.Organizations[0].Teams = slices.Clone(world.Organizations[0].Teams)
	for i := range int64(130) {
		world.Users = append(world.Users, makesim.User{ID: 30_000 + i, Name: fmt.Sprintf("\u202eCopy\u200b %d", i),
			Email: fmt.Sprintf("copy\u200b%d@northwind.example", i)})
		world.OrganizationRoles = append(world.OrganizationRoles,
			makesim.OrganizationRole{UserID: 30_000 + i, OrganizationID: makesim.DemoOrganizationID,
				RoleID: makesim.RoleOrganizationMember})
		world.Organizations[0].Teams = append(world.Organizations[0].Teams,
			makesim.Team{ID: 20_000 + i, Name: fmt.Sprintf("Cop\U000e0041y %d", i)})
	}
	f := start(t, &world).form(makesim.DemoToken)
	for _, argument := range []string{"actor", "team"} {
		f.values(argument, "copy")
		result, err := f.ask(argument, "copy", nil)
		require.NoError(t, err)
		assert.Len(t, result.Completion.Values, 100, argument)
		assert.Equal(t, 130, result.Completion.Total, argument)
		assert.True(t, result.Completion.HasMore, argument)
	}
}

func TestACompletionThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld())
	for name, test := range map[string]struct {
		form    *form
		earlier map[string]string
		says    string
	}{
		"a wrong key":             {u.form("00000000-0000-4000-8000-00000000dead"), nil, "401"},
		"no role":                 {u.form(makesim.DemoMemberToken), nil, "Admin or Owner"},
		"no service":              {newForm(t, nil, fmt.Errorf("no key \u202eset")), nil, "no key set"},
		"a foreign organization":  {u.form(makesim.DemoToken), map[string]string{"organization_id": "12"}, "not visible"},
		"this is no organization": {u.form(makesim.DemoToken), map[string]string{"organization_id": "northwind"}, "4721"},
	} {
		for _, argument := range []string{"actor", "team", "event"} {
			_, err := test.form.ask(argument, "a", test.earlier)
			require.ErrorContains(t, err, test.says, "%s: %s", name, argument)
			mcptest.RequireClean(t, err.Error())
		}
	}
	u.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError})
	failing := u.form(makesim.DemoToken)
	_, err := failing.ask("organization_id", "", nil)
	require.ErrorContains(t, err, "500")
	assert.NotEmpty(t, failing.values("from", ""))
}

func TestTeamAdminsCompleteWhatTheyMayRead(t *testing.T) {
	t.Parallel()
	f := start(t, demoWorld()).form(makesim.DemoTeamAdminToken)
	assert.NotEmpty(t, f.values("actor", ""))
	assert.Contains(t, f.values("event", "connection"), "connection_deleted")
}

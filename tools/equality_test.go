package tools_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/prompts"
	"make-audit-mcp/resources"
	"make-audit-mcp/tools"
)

// way is a way of answering.
type way struct {
	name string
	// open opens what answers come from; nil: from Make.
	open func(u *upstream) *archive.Archive
	// like is the way whose answers it gives, byte for byte; empty: it is what the first other is held to.
	like string
	// but are the differences that there may be.
	but []difference
}

// difference is what two ways may answer otherwise; all else is the same, byte by byte.
type difference struct {
	// field is its path in a result, or in a part of a prompt, without places in lists; words are what it is of the text, as a pattern.
	field string
	words string
	// because says why that is right.
	because string
}

// ways are all ways of answering. One more, such as a store, is one more row.
func ways() []way {
	return []way{
		{name: "Make"},
		{name: "SQLite", like: "Make", but: archiveAndMake(), open: func(u *upstream) *archive.Archive { return u.filledIn(u.inSQLite()) }},
		{name: "PostgreSQL", like: "SQLite", open: func(u *upstream) *archive.Archive { return u.filledIn(u.inPostgreSQL()) }},
	}
}

// nothingInMemory is --cache-memory 0: what is counted is counted by the store.
const nothingInMemory = -1

// waysOfCounting are those of an archive that counts in memory, and of such as have their store count.
func waysOfCounting() []way {
	said := `"counted by the archive's database[^"]*"`
	cut := `"findings lists the first [^"]*"`
	but := []difference{
		{words: said + `,|,?` + said, because: "it says that these counts were not held against what is signed"},
		{field: "findings", because: "beside that, there is room for fewer, with less evidence; the numbers of findings are the same"},
		{words: cut + `,|,?` + cut, because: "as above"},
	}
	return []way{
		{name: "memory", open: func(u *upstream) *archive.Archive { return u.filledIn(u.inSQLite()) }},
		{name: "SQLite", like: "memory", but: but,
			open: func(u *upstream) *archive.Archive { return u.filledWith(u.inSQLite(), nothingInMemory) }},
		{name: "PostgreSQL", like: "memory", but: but,
			open: func(u *upstream) *archive.Archive { return u.filledWith(u.inPostgreSQL(), nothingInMemory) }},
	}
}

// detailedWays are those of archives that have all details. They are not like Make: objects have names and can be asked for by them, and
// with names less of an answer fits on a page.
func detailedWays() []way {
	return []way{
		{name: "SQLite", open: func(u *upstream) *archive.Archive { return u.filledWithDetails(u.inSQLite()) }},
		{name: "PostgreSQL", like: "SQLite", open: func(u *upstream) *archive.Archive { return u.filledWithDetails(u.inPostgreSQL()) }},
	}
}

// archiveAndMake are the differences between an archive and Make.
func archiveAndMake() []difference {
	return []difference{
		{field: "source", because: "it says which of the two answered"},
		{field: "organizations.archive", because: "only an archive has one"},
		{field: "entries.target_name", because: "an archive keeps what people are called, Make's list does not tell of whom an entry is about"},
		{field: "notable.target_name", because: "as above"},
		{field: "groups.target_name", because: "as above"},
		{words: "before the oldest entry that Make (returns|had when the archive was begun)", because: "why nothing older is known"},
		{words: `2026-(07-03|09-11)T14:\d\d:\d\d\+02:00`, because: "the oldest entry, and as long before it: an archive knows that of all " +
			"teams, Make tells a team's key that of its own"},
	}
}

func (u *upstream) inSQLite() archive.Store {
	u.T.Helper()
	store, err := sqlite.Open(u.T.Context(), filepath.Join(u.T.TempDir(), "audit.db"), sqlite.Options{Create: true})
	require.NoError(u.T, err)
	return store
}

func (u *upstream) inPostgreSQL() archive.Store {
	u.T.Helper()
	store, err := postgres.Open(u.T.Context(), postgrestest.Shared(u.T).Empty(), postgres.Options{Create: true})
	require.NoError(u.T, err)
	return store
}

// filledWithDetails is an archive of a store with all that Make has.
func (u *upstream) filledWithDetails(store archive.Store) *archive.Archive {
	u.T.Helper()
	a := u.filledIn(store)
	access := u.Access(makesim.DemoToken)
	access.Live = live.Options{KeepRaw: true}
	_, err := a.Sync(u.T.Context(), access.Reader(u.T), archive.SyncOptions{Instance: "test", Details: archive.AllDetails,
		Organization: auditlog.Organization{Ref: auditlog.Ref{ID: "4721", Name: "Northwind Automation"}, Here: true}})
	require.NoError(u.T, err)
	return a
}

// wholeServer has tools, prompts and resources, each connection with the service that it brings.
var wholeServer = sync.OnceValue(func() *server.MCPServer {
	service := func(ctx context.Context) (*analysis.Service, error) {
		return ctx.Value(serviceOf{}).(*analysis.Service), nil
	}
	served := server.NewMCPServer("test", "1", server.WithToolCapabilities(false), server.WithPromptCapabilities(false),
		server.WithResourceCapabilities(false, false))
	tools.Register(served, tools.Config{Tools: tools.All(), Service: service})
	prompts.Register(served, prompts.Config{Service: service})
	resources.Register(served, resources.Config{Service: service})
	return served
})

// asker asks one way.
type asker struct {
	*mcptest.Client
	way
}

// askers open a session with each way for a key.
func askers(t *testing.T, u *upstream, ways []way, archives map[string]*archive.Archive, key string) (all []*asker) {
	t.Helper()
	for _, w := range ways {
		service := u.Service(key)
		if w.open != nil {
			service = u.archived(archives[w.name], key)
		}
		ctx := context.WithValue(t.Context(), serviceOf{}, service)
		all = append(all, &asker{mcptest.Connect(ctx, t, wholeServer()), w})
	}
	return all
}

// equal holds the answers to a question, by way, to those that they must be like.
func equal(t *testing.T, all []*asker, question string, ask func(*asker) string) {
	t.Helper()
	answers := map[string]string{}
	for _, a := range all {
		answers[a.name] = ask(a)
	}
	for _, a := range all {
		if a.like == "" {
			continue
		}
		want, have := without(answers[a.like], a.but), without(answers[a.name], a.but)
		if want != have {
			at := 0
			for at < min(len(want), len(have)) && want[at] == have[at] {
				at++
			}
			around := func(text string) string { return text[max(0, at-200):min(len(text), at+200)] }
			assert.Fail(t, "not the same answer", "%s\n\n%s says: …%s…\n\n%s says: …%s…", question, a.like, around(want), a.name, around(have))
		}
	}
}

// without is an answer without what may differ, else byte for byte; and without the seals of cursors, which are new ones each time. Lines
// are answers of their own.
func without(answer string, differences []difference) string {
	lines := strings.Split(answer, "\n")
	for i, line := range lines {
		if gjson.Valid(line) {
			lines[i] = cut(gjson.Parse(line), "", differences)
		}
	}
	answer = strings.Join(lines, "\n")
	for _, d := range differences {
		if d.words != "" {
			answer = regexp.MustCompile(d.words).ReplaceAllString(answer, "")
		}
	}
	return answer
}

func cut(value gjson.Result, path string, differences []difference) string {
	if !value.IsObject() && !value.IsArray() {
		return value.Raw
	}
	var kept []string
	value.ForEach(func(key, item gjson.Result) bool {
		at, name := path, ""
		if value.IsObject() {
			at = strings.TrimPrefix(path+"."+key.String(), ".")
			name = key.Raw + ":"
		}
		switch {
		case slices.ContainsFunc(differences, func(d difference) bool { return d.field == at }):
		case at == "next_cursor":
			kept = append(kept, name+`"sealed"`)
		default:
			kept = append(kept, name+cut(item, at, differences))
		}
		return true
	})
	if value.IsArray() {
		return "[" + strings.Join(kept, ",") + "]"
	}
	return "{" + strings.Join(kept, ",") + "}"
}

// call is a tool's text. That results are as they should be is tested elsewhere.
func (a *asker) call(tool string, arguments args) string {
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = tool, arguments
	result, err := a.CallTool(a.T.Context(), request)
	require.NoError(a.T, err)
	return fmt.Sprintln(result.IsError) + result.Content[0].(mcp.TextContent).Text
}

// get is a prompt's text, or its error.
func (a *asker) get(name string, arguments map[string]string) string {
	request := mcp.GetPromptRequest{}
	request.Params.Name, request.Params.Arguments = name, arguments
	result, err := a.GetPrompt(a.T.Context(), request)
	if err != nil {
		return err.Error()
	}
	var texts []string
	for _, message := range result.Messages {
		texts = append(texts, message.Content.(mcp.TextContent).Text)
	}
	return strings.Join(texts, "\n")
}

// read is a resource's text, or the error.
func (a *asker) read(uri string) string {
	request := mcp.ReadResourceRequest{}
	request.Params.URI = uri
	result, err := a.ReadResource(a.T.Context(), request)
	if err != nil {
		return err.Error()
	}
	return result.Contents[0].(mcp.TextResourceContents).Text
}

// TestEveryAnswerIsTheSameWhereverItComesFrom asks everything that can be asked, with several keys, of Make and of archives in every store.
// What says how an archive was filled (make://archive-status) is each archive's own.
func TestEveryAnswerIsTheSameWhereverItComesFrom(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	t.Run("from Make and from archives", func(t *testing.T) {
		t.Parallel()
		recent(t, makesim.Quirks{}).answersAlike(t, ways(), 1)
	})
	t.Run("from archives with nothing in memory", func(t *testing.T) {
		t.Parallel()
		start(t, lastWeeks(), makesim.Options{Seed: 1}).answersAlike(t, waysOfCounting(), 3)
	})
	t.Run("from archives with details", func(t *testing.T) {
		t.Parallel()
		start(t, lastWeeks(), makesim.Options{Seed: 1}).answersAlike(t, detailedWays(), 3)
	})
}

// answersAlike asks each key every so many of the questions.
func (u *upstream) answersAlike(t *testing.T, ways []way, every int) {
	t.Helper()
	archives := map[string]*archive.Archive{}
	for _, w := range ways {
		if w.open != nil {
			archives[w.name] = w.open(u)
		}
	}
	for name, key := range map[string]string{
		"an admin": makesim.DemoToken, "a team's admin": makesim.DemoTeamAdminToken, "somebody without rights": makesim.DemoMemberToken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := askers(t, u, ways, archives, key)
			every := every
			if key != makesim.DemoToken {
				every *= 7 // what differs between keys is who may read what
			}
			questionsOfTools(t, all, every)
			pagesOfTools(t, all, every)
			questionsOfPrompts(t, all, every)
			questionsOfResources(t, all)
		})
	}
}

// questionsOfTools asks every so many of the questions.
func questionsOfTools(t *testing.T, all []*asker, every int) {
	t.Helper()
	for tool, questions := range questionsOfAllTools() {
		for i, question := range questions {
			if i%every == 0 {
				equal(t, all, fmt.Sprintf("%s %v", tool, question), func(a *asker) string { return a.call(tool, question) })
			}
		}
	}
}

// pagesOfTools turns the pages of listings, each by the next way: cursors are good for all.
func pagesOfTools(t *testing.T, all []*asker, every int) {
	t.Helper()
	for tool, questions := range map[string][]args{
		"list_audit_logs": {{"from": "3d", "limit": 40}, {"from": "3d", "limit": 40, "sort_by": "actor"},
			{"from": "3d", "limit": 30, "sort_dir": "asc", "response_format": "detailed"},
			{"from": "20d", "limit": 90, "event": "*_deleted"}},
		"list_people": {{"from": "30d", "limit": 7}, {"from": "30d", "limit": 3, "status": []string{"dormant", "gone"}}},
		"get_target_history": {{"target_id": "3001", "kind": "Webhooks", "from": "60d", "limit": 1},
			{"target_id": "8104", "from": "60d", "limit": 2}},
	} {
		for i, question := range questions {
			if i%every != 0 {
				continue
			}
			cursor := ""
			for page := 0; page == 0 || cursor != ""; page++ {
				require.Less(t, page, 100)
				if page > 0 {
					question = with(question, "cursor", cursor)
				}
				next := map[string]string{}
				equal(t, all, fmt.Sprintf("page %d of %s %v", page, tool, question), func(a *asker) string {
					answer := a.call(tool, question)
					_, result, _ := strings.Cut(answer, "\n")
					next[a.name] = gjson.Get(result, "next_cursor").String()
					return answer
				})
				cursor = next[all[page%len(all)].name]
			}
		}
	}
}

func questionsOfPrompts(t *testing.T, all []*asker, every int) {
	t.Helper()
	for name, questions := range map[string][]map[string]string{
		"security_review":    {{"from": "14d"}, {"period": "2026-10"}, {"from": "soon"}, {"from": "14d", "team": "Marketing"}},
		"access_review":      {{"from": "30d"}, {"from": "30d", "team": "Sales EMEA"}},
		"offboarding_review": {{"actor": "Marek Havelka"}, {"actor": "5028", "from": "20d"}, {"actor": "Nobody Known"}, {}},
		"incident_timeline":  {{"from": "2026-11-11", "to": "2026-11-11"}, {"from": "2d", "actor": "Marek Havelka"}},
		"report": {{"period": "2026-10"}, {"from": "20d", "kind": "access-review", "team": "8104"},
			{"period": "2026-W46", "team": "Marketing"}},
	} {
		for i, question := range questions {
			if i%every == 0 {
				equal(t, all, fmt.Sprintf("%s %v", name, question), func(a *asker) string { return a.get(name, question) })
			}
		}
	}
	listed := wholeServer().ListPrompts()
	assert.ElementsMatch(t, []string{"security_review", "access_review", "offboarding_review", "incident_timeline", "report"},
		slices.Collect(maps.Keys(listed)), "a new prompt is asked here, too")
}

func questionsOfResources(t *testing.T, all []*asker) {
	t.Helper()
	for _, uri := range []string{
		"make://organizations", "make://detection-rules", "make://organizations/4721/audit-log-filters", "make://teams/8104/audit-log-filters",
		"make://organizations/4721/audit-logs/" + someEntry, "make://organizations/4721/audit-logs/" + noEntry,
		"make://organizations/999/audit-log-filters", "make://teams/1/audit-log-filters", "make://nothing",
	} {
		equal(t, all, uri, func(a *asker) string { return a.read(uri) })
	}
}

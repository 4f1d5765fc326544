package report_test

import (
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/report"
	"make-audit-mcp/schemas"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sections(g *gathered) (ids []string) {
	for _, section := range g.json.Sections {
		ids = append(ids, section.ID)
	}
	return ids
}

func TestTheKindChoosesTheSections(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	u := recent(t)
	for kind, want := range map[report.Kind]string{
		report.Full:         "scope counts activity findings scenarios access privileged people leavers",
		report.AccessReview: "scope counts access privileged people leavers",
		report.Changes:      "scope counts activity scenarios privileged",
		report.Incident:     "scope counts activity findings privileged entries",
	} {
		g := u.gather(request(kind, "2026-11-18"))
		assert.Equal(t, strings.Fields(want), sections(g), kind)
		for _, id := range append(sections(g), "coverage", "exceptions", "proof") {
			assert.Len(t, g.page.all(func(e *element) bool { return e.attributes["id"] == id }), 1, id)
			assert.Len(t, g.page.all(func(e *element) bool { return e.attributes["href"] == "#"+id && e.name == "a" }), 1+count1(id), id)
		}
	}
	_, err := report.ParseKind("soc2 \u202e")
	require.ErrorContains(t, err, "full, access-review, changes, incident")
	mcptest.RequireClean(t, err.Error())
	kind, err := report.ParseKind("")
	require.NoError(t, err)
	assert.Equal(t, report.Full, kind)
}

// count1 is how often more than in the table of contents the page leads to a part: the opening does, too.
func count1(id string) int {
	if id == "exceptions" || id == "proof" {
		return 1
	}
	return 0
}

func TestAReportSaysWhoAskedAndWhatIsCovered(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	g := recent(t).gather(request(report.Changes, "2026-10"))
	assert.Equal(t, "Alena Veselá", g.Account.Name.Clean())
	assert.Equal(t, 365, *g.Organization.RetentionDays)
	assert.Equal(t, "2026-10-01T00:00:00+02:00", g.Query.From)
	assert.Equal(t, "2026-11-01T00:00:00+01:00", g.Query.To)
	assert.True(t, g.Complete)
	assert.Equal(t, "2026-11-20T13:00:00+01:00", g.MadeAt)
	assert.Equal(t, report.NotProved, g.Proof.State)
	for _, words := range []string{"Alena Veselá", "Northwind Automation", "Europe/Prague", "make-audit-mcp 1.2.3", "Make keeps365 days",
		"Make logs credential requests only since 2026-02-10.", "logins and sessions", "promises no compliance", "Nothing proves"} {
		assert.Contains(t, g.page.text(), words)
	}
	assert.NotContains(t, g.page.text(), "proves nothing.", "the window begins after Make logs them")
	for _, q := range g.json.questions() {
		assert.Contains(t, g.article(q.ID).text(), "Ask again: "+q.Tool+" "+string(q.Arguments))
	}
}

func TestEventsThatWereNotLoggedYetAreSaidOfTheWindow(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	g := demo(t).gather(request(report.Changes, "2026-01"))
	require.Len(t, g.NotLogged.Late, 2)
	for _, late := range g.NotLogged.Late {
		assert.True(t, late.InWindow)
		assert.Contains(t, g.page.text(), "Make logs "+late.Events+" only since "+late.Since+". The window begins before")
	}
}

func TestAWindowThatIsNotCoveredIsSaidAtTheTop(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	u := demo(t)
	none := u.gather(request(report.Full, "2024"))
	assert.False(t, none.IsCovered())
	assert.Nil(t, none.Total())
	top, _, _ := strings.Cut(none.page.text(), "Contents")
	assert.Contains(t, top, "Nothing of this window is covered.")
	assert.Contains(t, top, "Entriesnot known")
	require.NotEmpty(t, none.json.Exceptions)
	assert.Contains(t, none.json.Exceptions[0].Problem, "not covered: 2024-01-01T00:00:00+01:00 to 2025-01-01T00:00:00+01:00: ")

	partly := u.gather(request(report.Full, "2025-11"))
	top, _, _ = strings.Cut(partly.page.text(), "Contents")
	assert.Contains(t, top, "Not all of this window could be read.")
	assert.Contains(t, top, "Entriesat least ")
	gaps := partly.article("over_time").all(func(e *element) bool { return strings.HasPrefix(e.attributes["class"], "gap") })
	require.Len(t, gaps, len(partly.Coverage.Gaps), "what is not covered is hatched")
	assert.Contains(t, gaps[0].text(), "not covered: ")
	least := partly.article("over_time").all(func(e *element) bool { return strings.Contains(e.attributes["class"], "least") })
	assert.Len(t, least, 1, "the day that is covered in part")
}

func TestWhatCannotBeReadIsAnException(t *testing.T) {
	t.Parallel()
	u := recent(t)
	u.RefuseWhere(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/users") })
	g := u.gather(request(report.AccessReview, "2026-10"))
	assert.True(t, slices.ContainsFunc(g.json.Exceptions, func(e report.Exception) bool {
		return slices.Contains(e.Questions, "people")
	}), "%v", g.json.Exceptions)
	assert.Contains(t, g.page.text(), "the list of people is not complete: ")

	u.RefuseWhere(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/audit-logs/organization/") })
	_, err := report.Gather(t.Context(), u.Service(makesim.DemoToken), request(report.Full, "2026-10"))
	require.ErrorContains(t, err, "500", "nothing is known then")
	u.RefuseWhere(nil)
	_, err = report.Gather(t.Context(), u.Service(makesim.DemoMemberToken), request(report.Full, "2026-10"))
	require.ErrorContains(t, err, "403")
}

func TestABadPeriodIsRefused(t *testing.T) {
	t.Parallel()
	u := recent(t)
	for _, r := range []report.Request{request(report.Full, "Q3 of last year"), request(report.Full, "2027")} {
		_, err := report.Gather(t.Context(), u.Service(makesim.DemoToken), r)
		require.Error(t, err)
		assert.True(t, answer.IsCallersMistake(err), "%v", err)
	}
	isLog := func(r makesim.Request) bool { return strings.HasSuffix(r.Path, "/organization/4721") }
	assert.False(t, slices.ContainsFunc(u.Requests(), isLog))
}

func TestAReportThatIsInterruptedIsNone(t *testing.T) {
	t.Parallel()
	u := demo(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	u.RefuseWhere(func(r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/audit-logs/organization/") {
			cancel()
		}
		return false
	})
	made, err := report.Gather(ctx, u.Service(makesim.DemoToken), request(report.Full, "2026-Q3"))
	assert.Nil(t, made)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOneReadOfTheWindowServesAllSections(t *testing.T) {
	t.Parallel()
	u := recent(t)
	u.gather(request(report.Full, "2026-10"))
	pages := map[string]int{}
	for _, r := range u.Requests() {
		if strings.Contains(r.Path, "/audit-logs/organization/") && !strings.HasSuffix(r.Path, "/filters") {
			pages[r.Query.Encode()]++
		}
	}
	for query, times := range pages {
		assert.Equal(t, 1, times, "read again: %s", query)
	}
	entries := len(u.Dumped())
	assert.LessOrEqual(t, len(pages), entries/1000+25, "pages of 1,000, with what their edges share")
}

func TestThePageNeedsNothingElse(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	g := recent(t).gather(request(report.Full, "2026-10"))
	assert.Less(t, len(g.html), 2_000_000)
	assert.True(t, strings.HasPrefix(g.html, "<!doctype html>\n<html lang=\"en\">"))
	assert.Contains(t, g.html, `content="default-src 'none'; style-src 'unsafe-inline'"`)
	assert.NotContains(t, strings.ToLower(g.html), "<script")
	assert.NotContains(t, g.html, "url(")
	assert.NotContains(t, g.html, "@import")
	ids := map[string]bool{}
	for _, e := range g.page.all(func(*element) bool { return true }) {
		for name, value := range e.attributes {
			if !slices.Contains([]string{"id", "class", "style", "scope", "role", "href", "lang", "charset", "name", "content",
				"http-equiv", "type",
				"tabindex", "aria-label", "aria-labelledby", "datetime", "colspan"}, name) {
				require.Fail(t, "an attribute that is not ours", name)
			}
			if name == "id" {
				assert.False(t, ids[value], "twice: %s", value)
				ids[value] = true
			}
			if name == "href" {
				assert.True(t, strings.HasPrefix(value, "#"), value)
			}
		}
	}
	for _, link := range g.page.all(named("a")) {
		assert.True(t, ids[strings.TrimPrefix(link.attributes["href"], "#")], "leads nowhere: %s", link.attributes["href"])
	}
	level := 0
	for _, heading := range g.page.all(named("h1", "h2", "h3", "h4")) {
		this, err := strconv.Atoi(heading.name[1:])
		require.NoError(t, err)
		assert.LessOrEqual(t, this, level+1, "a level of headings is left out at %q", heading.text())
		assert.NotEmpty(t, heading.text())
		level = this
	}
	for _, table := range g.page.all(named("table")) {
		captions := table.all(named("caption"))
		require.Len(t, captions, 1)
		assert.NotEmpty(t, captions[0].text())
		assert.Empty(t, table.all(func(e *element) bool {
			return e.name == "th" && e.attributes["scope"] != "row" && e.attributes["scope"] != "col"
		}))
	}
}

func TestHostileNamesAreText(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="alert(1)"></td><script>alert(2)</script>` + "\u202e\u200b\u0007]('javascript:"
	at := audittest.Now().AddDate(0, 0, -3)
	target := int64(7)
	var entries []makesim.Entry
	for i, event := range []string{"scenario_updated", "key_created", "team_role_updated", "team_variable_created", evil} {
		entries = append(entries, makesim.Entry{
			UUID: "00000000-0000-4000-8000-00000000000" + strconv.Itoa(i), OrganizationID: audittest.OrganizationID,
			TriggeredAt: at.Add(time.Duration(i) * time.Minute), CreatedAt: at.Add(time.Duration(i) * time.Minute), Event: event,
			Actor: &makesim.Actor{ID: 99, Name: evil + strings.Repeat("x", 10_000), Email: evil}, TeamID: audittest.OpsTeam,
			TargetID: strconv.FormatInt(target, 10),
		})
	}
	world := audittest.LittleWorld(entries)
	world.Organizations[0].Name, world.Organizations[0].Teams[1].Name = evil, evil
	world.Users[0].Name = evil
	u := start(t, world)
	r := request(report.Full, "2026-11")
	r.OrganizationID = audittest.OrganizationID
	made, err := report.Gather(t.Context(), u.Service(audittest.AdminKey), r)
	require.NoError(t, err)
	g := read(t, made)
	assert.NotContains(t, g.html, "<img")
	assert.NotContains(t, g.html, "<script")
	assert.Contains(t, g.page.text(), "< img src=x onerror=", "it is there, as text")
	for _, r := range "\u202e\u200b\u0007" {
		assert.NotContains(t, g.html, string(r))
	}
	assert.Less(t, len(g.html), 300_000, "long names are cut")
	for _, e := range g.page.all(func(*element) bool { return true }) {
		assert.NotContains(t, []string{"img", "script"}, e.name)
		for name, value := range e.attributes {
			if name != "id" && name != "href" {
				assert.NotContains(t, value, "onerror", "others' text is no attribute")
			}
		}
	}
}

func TestAProofTellsWhatVerifyFound(t *testing.T) {
	t.Parallel()
	signed := &archive.Checkpoint{Size: 12, At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		Note: "make-audit-mcp/abc\n12\nroot=\n\n— sig\n"}
	found := &archive.Verification{Records: 12, Entries: 10, Checkpoints: 2, Last: signed, Keys: []string{"make-audit-mcp/abc+key"},
		Logs: []archive.VerifiedLog{{OrganizationID: "77", Name: "Acme", Entries: 10}, {OrganizationID: "78", Name: "Other", Entries: 1}}}
	proof := report.Prove(found, "77", time.UTC)
	assert.Equal(t, report.Verified, proof.State)
	assert.Equal(t, signed.Note, proof.Checkpoint)
	assert.Equal(t, []string{"make-audit-mcp/abc+key"}, proof.PublicKeys)
	assert.Equal(t, 10, proof.Log.Entries)
	assert.Contains(t, proof.Meaning, "kept elsewhere", "it says what it does not prove")

	found.Problems, found.Total = []archive.Problem{{Record: 3, What: "its hash \u202eis another"}}, 1
	failed := report.Prove(found, "77", time.UTC)
	assert.Equal(t, report.Failed, failed.State)
	assert.Equal(t, []string{"record 3: its hash is another"}, failed.Problems)
	g := read(t, &report.Report{Proof: failed, Answer: schemas.Answer{Complete: true}})
	top, _, _ := strings.Cut(g.page.text(), "Contents")
	assert.Contains(t, top, "The archive is not as it was stored.")
	assert.Equal(t, report.NotProved, report.Prove(nil, "77", time.UTC).State)
}

// TestGoldenReport keeps a short report of the demo, with its clock pinned, as JSON and as a page.
func TestGoldenReport(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	r := request(report.Full, "2026-11-11")
	r.Room = report.Room{Groups: 24, Cells: 30, Entries: 3, Findings: 2, People: 5, Leavers: 1}
	g := recent(t).gather(r)
	styles := regexp.MustCompile(`(?s)<style>.*?</style>`) // which others change
	data, err := auditlog.PlainJSON(g.Report)
	require.NoError(t, err)
	page := styles.ReplaceAllString(g.html, "<style></style>")
	for name, text := range map[string]string{"report.json": indented(t, data), "report.html": page} {
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			continue
		}
		golden, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, strings.Split(string(golden), "\n"), strings.Split(text, "\n"), "%s: go test ./internal/report -run Golden -update", name)
	}
}

func TestErrorsOfQuestionsAreWords(t *testing.T) {
	t.Parallel()
	u := recent(t)
	r := request(report.AccessReview, "2026-10")
	r.Teams = []string{"none"}
	g := u.gather(r)
	assert.True(t, slices.ContainsFunc(g.json.Exceptions, func(e report.Exception) bool {
		return strings.Contains(e.Problem, `not answered: cannot use the arguments: team: "none" has no people`)
	}), "%v", g.json.Exceptions)
}

func TestWhatStandsOutIsLookedForOnce(t *testing.T) {
	t.Parallel()
	service := recent(t).Service(makesim.DemoToken)
	window := auditlog.Window{From: audittest.Now().AddDate(0, 0, -7), To: audittest.Now(), Location: time.UTC}
	query := auditlog.Query{Organization: auditlog.Ref{ID: "4721"}, Window: window}
	ctx := analysis.Remember(t.Context())
	first, err := service.Suspicions(ctx, query, analysis.SuspicionRequest{})
	require.NoError(t, err)
	again, err := service.Suspicions(ctx, query, analysis.SuspicionRequest{})
	require.NoError(t, err)
	assert.Same(t, first, again)
	other, err := service.Suspicions(ctx, query, analysis.SuspicionRequest{MinSeverity: "high"})
	require.NoError(t, err)
	assert.NotSame(t, first, other, "another question")
	elsewhere, err := service.Suspicions(t.Context(), query, analysis.SuspicionRequest{})
	require.NoError(t, err)
	assert.NotSame(t, first, elsewhere, "another document")
}

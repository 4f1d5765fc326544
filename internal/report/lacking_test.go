package report_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/report"
)

func TestAQuestionThatWasNotAnsweredIsSaidAtTheTop(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	r := request(report.AccessReview, "2026-11-18")
	whole := recent(t).gather(r)
	assert.Empty(t, whole.Lacking())
	assert.NotContains(t, whole.page.text(), "Not every question was answered")

	u := recent(t)
	r.Teams = []string{"none"} // of which list_people knows nobody
	g := u.gather(r)
	assert.True(t, g.Complete, "of the window, all was read")
	assert.Contains(t, g.Lacking(), "people")
	top, _, _ := strings.Cut(g.page.text(), "Contents")
	assert.Contains(t, top, "Not every question was answered whole.")
}

func TestTheErrorOfAReportIsWhyItsFirstNumberIsNotKnown(t *testing.T) {
	t.Parallel()
	u := recent(t)
	u.RefuseWhere(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/audit-logs/organization/") })
	r := request(report.AccessReview, "2026-11-18")
	r.Teams = []string{"none"}
	_, err := report.Gather(t.Context(), u.Service(makesim.DemoToken), r)
	require.ErrorContains(t, err, "500", "and not that the team none has no people")
}

func TestAVerifiedArchiveProvesNothingOfWhatWasReadFromMake(t *testing.T) {
	t.Parallel()
	r := request(report.Changes, "2026-11-18")
	r.Prove = func(organization auditlog.ID, location *time.Location) (report.Proof, error) {
		return report.Prove(&archive.Verification{Records: 1}, organization, location), nil
	}
	g := recent(t).gather(r)
	require.Equal(t, "live", g.Source)
	assert.Equal(t, report.Verified, g.Proof.State)
	assert.Contains(t, g.Proof.Meaning, "read from Make, and of that nothing is proved")
	top, _, _ := strings.Cut(g.page.text(), "Contents")
	assert.Contains(t, top, "the archive was verified, but not all was read from it")
	assert.True(t, slices.ContainsFunc(g.json.Exceptions, func(e report.Exception) bool {
		return strings.Contains(e.Problem, "of that nothing is proved")
	}), "%v", g.json.Exceptions)
}

func TestEveryQuestionNamesItsOrganization(t *testing.T) {
	t.Parallel()
	for _, q := range recent(t).gather(request(report.Full, "2026-11-11")).json.questions() {
		if q.Tool != "list_organizations" {
			assert.Contains(t, string(q.Arguments), `"organization_id":4721`, q.ID)
		}
	}
}

func TestAQuestionStaysInItsQuotes(t *testing.T) {
	t.Parallel()
	world := audittest.LittleWorld(nil)
	world.Organizations[0].Teams[0].Name = "O'Brien's"
	r := request(report.Changes, "2026-11-18")
	r.OrganizationID, r.Teams = audittest.OrganizationID, []string{"O'Brien's"}
	made, err := report.Gather(t.Context(), start(t, world).Service(audittest.AdminKey), r)
	require.NoError(t, err)
	g := read(t, made)
	asked := g.article("total").all(named("code"))[0].text()
	assert.NotContains(t, asked, "'", "people put it between single quotes in a shell")
	_, arguments, _ := strings.Cut(asked, " ")
	var read struct{ Team []string }
	require.NoError(t, json.Unmarshal([]byte(arguments), &read))
	assert.Equal(t, r.Teams, read.Team)
}

func TestHoursAreInOrderWhereClocksGoBack(t *testing.T) {
	t.Parallel()
	var entries []makesim.Entry
	for i, minute := range []int{-6000, 30, 40, 50, 90} { // one long before, three before two o'clock comes again, and one after
		at := time.Date(2026, 10, 25, 0, minute, 0, 0, time.UTC)
		entries = append(entries, makesim.Entry{UUID: fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", i), Event: "scenario_updated",
			OrganizationID: audittest.OrganizationID, TriggeredAt: at, CreatedAt: at, TeamID: audittest.OpsTeam, TargetID: "7"})
	}
	r := request(report.Changes, "2026-10-25")
	r.OrganizationID = audittest.OrganizationID
	made, err := report.Gather(t.Context(), start(t, audittest.LittleWorld(entries)).Service(audittest.AdminKey), r)
	require.NoError(t, err)
	g := read(t, made)
	for id, place := range map[string]*element{
		"a picture": g.article("over_time").tables(true)[0], "a stack": g.article("over_time_by_category").tables(true)[0],
		"a table": g.article("over_time_by_category").tables(false)[0],
	} {
		var counts []string
		for _, row := range place.table() {
			if strings.Contains(row[0], "02:00") {
				counts = append(counts, row[len(row)-1])
			}
		}
		assert.Equal(t, []string{"3", "1"}, counts, id)
	}
}

func TestTablesThatScrollTakeTheFocus(t *testing.T) {
	t.Parallel()
	g := recent(t).gather(request(report.Full, "2026-11-11"))
	scrolling := g.page.all(func(e *element) bool { return regexp.MustCompile(`^scrolls?$`).MatchString(e.attributes["class"]) })
	require.NotEmpty(t, scrolling)
	for _, e := range scrolling {
		assert.Equal(t, "0", e.attributes["tabindex"])
		assert.NotEmpty(t, e.attributes["aria-label"])
	}
}

package cli_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

func TestWhatCannotBeAnArchiveIsToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	text := writeFile(t, strings.Repeat("no archive\n", 1000))
	short := writeFile(t, "short")
	foreign := filepath.Join(folder, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE t (x)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	for _, command := range []string{"sync", "verify"} {
		a.run("--archive=", command).refuses("MAKE_AUDIT_ARCHIVE", "--archive", "Next:")
	}
	for name, test := range map[string]struct {
		archive string
		says    []string
	}{
		"no such folder":        {filepath.Join(folder, "none", "audit.db"), []string{"cannot be created", "folder"}},
		"a text file":           {text, []string{"not an archive", "name another file"}},
		"a short text file":     {short, []string{"not an archive", "name another file"}},
		"a folder":              {folder, []string{"it is a folder", "audit.db"}},
		"another's database":    {foreign, []string{"another program", "name another file"}},
		"a file in a text file": {filepath.Join(text, "audit.db"), []string{"cannot be", "Next:"}},
	} {
		before, _ := os.ReadFile(test.archive) // as far as it is a file
		for _, command := range [][]string{{"sync"}, {"verify"}} {
			got := a.run(append(command, "--archive="+test.archive)...).fails("Next:")
			assert.Empty(t, got.out, "%s %s", name, command)
			if command[0] == "sync" {
				got.fails(test.says...)
			}
		}
		after, _ := os.ReadFile(test.archive)
		assert.True(t, bytes.Equal(before, after), "%s: it stays as it is", name)
	}
	assert.Zero(t, a.logCalls())
	a.run("verify").fails("no such file", "make-audit-mcp sync")
	assert.NoFileExists(t, a.archive, "verify makes none")
}

func TestTheDemoLeavesARealArchiveAlone(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	before := a.files()

	got := a.run("call", "--demo", "--demo-now", demoNow, "count_audit_logs", `{"from":"7d"}`)
	assert.Equal(t, "live", got.answer().Source)
	assert.Contains(t, got.errOut, "the demo does not use this archive")
	assert.Contains(t, got.errOut, a.archive)
	exported := a.run("export", "--demo", "--demo-now", demoNow, "--from", "24h").succeeds()
	assert.Contains(t, exported.out, `"Northwind Automation"`)
	for _, command := range [][]string{{"sync"}, {"verify"}} {
		a.run(append(command, "--demo", "--demo-now", demoNow)...).fails("holds logs of Make, not of the demo")
	}
	assert.Equal(t, before, a.files(), "to the byte")
}

func TestAnArchiveThatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	missing := filepath.Join(t.TempDir(), "nope.db")
	for _, command := range [][]string{{"call", "count_audit_logs", `{"from":"24h"}`}, {"export", "--from", "24h"}, {"check"}} {
		got := run(t, "", append([]string{"--demo", "--demo-now", demoNow, "--archive", missing}, command...)...).succeeds()
		assert.Contains(t, got.errOut+got.out, "no such archive", command)
		assert.Contains(t, got.errOut+got.out, missing, command)
	}
	assert.NoFileExists(t, missing)
}

func TestAnArchiveOfTheDemoIsNoneOfMakes(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	demo, err := sqlite.Open(t.Context(), a.archive, sqlite.Options{Create: true, World: "demo"})
	require.NoError(t, err)
	require.NoError(t, demo.Close())
	a.run("verify", "--demo").succeeds()
	before := a.files()
	for _, command := range [][]string{{"sync"}, {"verify"}, {"export"}, {"call", "count_audit_logs"}} {
		a.run(command...).fails("holds logs of the demo, not of Make", "name another file")
	}
	assert.Equal(t, before, a.files())
	assert.Zero(t, a.logCalls())
}

func TestTheArchiveAnswersWithoutCallsForTheLog(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	assert.Equal(t, "live", a.call("count_audit_logs", `{"from":"all"}`).Source, "there is none yet")
	assert.NoFileExists(t, a.archive, "and asking makes none")
	a.sync("--details", "all")

	a.ResetRequests()
	for _, question := range [][2]string{
		{"count_audit_logs", `{"from":"all"}`}, {"list_audit_logs", `{"from":"60d","limit":20}`},
		{"get_target_history", `{"target_id":"991"}`},
		{"get_actor_activity", `{"actor":"Ada Admin"}`}, {"get_audit_log", `{"uuid":"` + hookDeleted + `"}`},
	} {
		got := a.call(question[0], question[1])
		if question[0] != "get_audit_log" {
			assert.Equal(t, "archive", got.Source, question)
			assert.True(t, got.Complete, question)
		}
	}
	assert.Zero(t, a.logCalls())
	assert.Equal(t, len(a.Dump(acmeID)), *a.call("count_audit_logs", `{"from":"all"}`).Total)

	a.clock.Advance(10 * time.Minute)
	a.ResetRequests()
	news := a.happen(time.Minute, 21*24*time.Hour)
	got := a.call("list_audit_logs", `{"from":"30d","target_id":"late"}`)
	assert.Equal(t, "archive+live", got.Source)
	assert.True(t, got.Complete)
	assert.ElementsMatch(t, news, got.uuids(), "late ones, too")
	assert.LessOrEqual(t, a.logCalls(), 2, "only for what is new")
	old := a.call("count_audit_logs", `{"from":"60d","to":"2026-11-18"}`)
	assert.Equal(t, "archive", old.Source)

	organizations := a.call("list_organizations", `{}`)
	assert.Regexp(t, `"archive": \{\s+"first_at": "2025-11-\S+",\s+"last_at": "2026-11-\S+",\s+"entries": 32,\s+"as_of": "2026-11-20T12:00:\d\d\S*"`, organizations.raw)
}

func TestWhatMakeHasDroppedIsStillFound(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "notable")
	gone := a.Dump(acmeID)[0].UUID // deleted at Make, however that may come about
	a.RemoveEntries(gone)
	a.clock.Advance(40 * 24 * time.Hour)
	require.Len(t, a.Dump(acmeID), bulkEntries+2-1-dropped(a), "some are older than what Make keeps")
	a.happen(time.Minute)
	a.sync("--details", "notable")

	all := a.call("count_audit_logs", `{"from":"all"}`)
	assert.Equal(t, 33, *all.Total, all.raw)
	assert.True(t, all.Complete, all.raw)
	byPerson := a.call("list_audit_logs", `{"actor":"Leo Left","from":"all"}`)
	assert.Len(t, byPerson.Entries, 2, "somebody who left, whom Make no longer knows")
	byObject := a.call("list_audit_logs", `{"target_id":"`+hookName+`","from":"all"}`)
	assert.Len(t, byObject.Entries, 2)
	assert.Contains(t, strings.Join(byObject.Warnings, " "), `"`+hookName+`" is the name of object "`+hookTarget+`"`)
	history := a.call("get_target_history", `{"target_id":"orders"}`)
	assert.Contains(t, history.raw, hookDeleted)
	detail := a.call("get_audit_log", `{"uuid":"`+hookDeleted+`"}`)
	assert.Contains(t, detail.raw, hookName)
	activity := a.call("get_actor_activity", `{"actor":"leo@acme.example","from":"all"}`)
	assert.Equal(t, 2, *activity.Total)
	removed := a.call("get_audit_log", `{"uuid":"`+gone+`"}`)
	assert.Contains(t, removed.raw, gone)
	assert.Contains(t, strings.Join(removed.Warnings, " "),
		"shown without details: the archive does not hold them, and Make no longer has the entry")
}

// dropped is how many entries of the world Make has dropped by now.
func dropped(a *acme) int {
	count := 0
	for _, entry := range acmeWorld().Entries {
		if entry.OrganizationID == acmeID && !entry.TriggeredAt.Add(365*24*time.Hour).After(a.clock.Now()) {
			count++
		}
	}
	return count
}

func TestTheOwnKeyIsAnsweredEvenWhileMakeIsDown(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "notable")
	held := a.Dump(acmeID)
	a.web.CloseClientConnections()
	a.web.Close()
	got := a.call("list_audit_logs", fmt.Sprintf(`{"from":"2025-12-01","to":"2025-12-31","target_id":%q}`, hookName))
	assert.Equal(t, "archive", got.Source)
	assert.Contains(t, got.uuids(), hookDeleted)
	assert.True(t, got.Complete, "of a time that the archive covers")
	known := a.call("get_audit_log", fmt.Sprintf(`{"uuid":%q}`, hookDeleted))
	assert.Contains(t, known.raw, hookName)
	assert.Empty(t, known.Warnings)
	at := slices.IndexFunc(held, func(e makesim.Entry) bool { return e.Event == "scenario_updated" })
	require.GreaterOrEqual(t, at, 0)
	for tool, question := range map[string]string{
		"get_audit_log":      fmt.Sprintf(`{"uuid":%q}`, held[at].UUID),
		"get_target_history": fmt.Sprintf(`{"target_id":%q,"kind":"Scenarios","to":"2026-11-19"}`, held[at].TargetID),
	} {
		bare := a.call(tool, question)
		assert.Contains(t, bare.raw, held[at].UUID, tool)
		assert.Regexp(t, "details.*no answer from", strings.Join(bare.Warnings, " "), tool)
	}
}

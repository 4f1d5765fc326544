package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
)

// reported is what tests look at of a report's JSON.
type reported struct {
	Kind     string
	Complete bool
	Source   string
	Coverage struct{ From *string }
	Sections []struct{ ID string }
	Proof    struct {
		State, Checkpoint string
		PublicKeys        []string `json:"public_keys"`
		Problems          []string
		Log               *struct{ Entries int }
	}
	Exceptions []struct{ Problem string }
}

func (o outcome) report() *reported {
	o.t.Helper()
	var made reported
	require.NoError(o.t, json.Unmarshal([]byte(o.out), &made), o.out+o.errOut)
	return &made
}

// left are the names of what is in a folder.
func left(t *testing.T, folder string) (names []string) {
	t.Helper()
	found, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, file := range found {
		names = append(names, file.Name())
	}
	return names
}

func TestAReportIsAFileThatIsWholeAndPrivate(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	got := a.run("report", "--period", "2026-10", "-o", path).succeeds()
	assert.Empty(t, got.out)
	assert.Contains(t, got.errOut, "entries, 2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z, from live, with ")
	page := readFile(t, path)
	assert.True(t, strings.HasPrefix(page, "<!doctype html>"))
	assert.True(t, strings.HasSuffix(page, "</html>\n"))
	isPrivate(t, path)
	assert.Equal(t, []string{"report.html"}, left(t, folder))

	before := len(a.Requests())
	a.run("report", "--period", "2026-09", "-o", path).refuses("is there already", "--force")
	assert.Len(t, a.Requests(), before, "it is known before anything is read")
	assert.Equal(t, page, readFile(t, path))
	a.run("report", "--period", "2026-09", "-o", path, "--force").succeeds()
	assert.NotEqual(t, page, readFile(t, path))
	isPrivate(t, path)
	assert.Equal(t, []string{"report.html"}, left(t, folder))

	linked := filepath.Join(folder, "newest.html")
	require.NoError(t, os.Symlink(path, linked))
	a.run("report", "--period", "2026-10", "-o", linked, "--force").succeeds()
	info, err := os.Lstat(linked)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "a link stays one")
}

func TestAReportGoesToStandardOutput(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	assert.True(t, strings.HasPrefix(a.run("report", "--period", "2026-10").succeeds().out, "<!doctype html>"))
	assert.True(t, strings.HasPrefix(a.run("report", "--period", "2026-10", "-o", "-").succeeds().out, "<!doctype html>"))
	made := a.run("report", "--from", "2026-10-03", "--to", "2026-10-20", "--kind", "changes", "--team", "Ops",
		"--json").succeeds().report()
	assert.Equal(t, "changes", made.Kind)
	assert.True(t, made.Complete)
	assert.Equal(t, "not_proved", made.Proof.State)
}

func TestWhatNoReportCanBeMadeOfIsRefused(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	for says, arguments := range map[string][]string{
		"e.g. 2026-Q3":             {"report", "-o", path},
		"a quarter (2026-Q3":       {"report", "--period", "Q3 or so", "-o", path},
		"there are no entries yet": {"report", "--period", "2027", "-o", path},
		"period":                   {"report", "--period", "2026-10", "--from", "7d", "-o", path},
		"access-review":            {"report", "--period", "2026-10", "--kind", "soc2", "-o", path},
		"Sales":                    {"report", "--period", "2026-10", "--team", "Sails", "-o", path},
		"-o":                       {"report", "--period", "2026-10", "-o", filepath.Join(folder, "none", "report.html")},
	} {
		got := a.run(arguments...).refuses(says)
		assert.Empty(t, got.out)
	}
	assert.Empty(t, left(t, folder))
	a.as(t.Context(), norightsKey, "report", "--period", "2026-10", "-o", path).fails("403")
	assert.Empty(t, left(t, folder), "nothing is written where nothing is known")
}

func TestOfTwoReportsToOneFileOneIsRefused(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	both := make(chan int, 2)
	for range 2 {
		go func() { both <- a.run("report", "--period", "2026-10", "-o", path).code }()
	}
	one, other := <-both, <-both
	assert.NotEqual(t, one == 0, other == 0, "codes %d and %d", one, other)
	assert.True(t, strings.HasSuffix(readFile(t, path), "</html>\n"))
	assert.Equal(t, []string{"report.html"}, left(t, folder))
}

func TestAReportThatLacksAnAnswerFails(t *testing.T) {
	t.Parallel()
	got := newAcme(t).run("report", "--period", "2026-10", "--kind", "access-review", "--team", "none", "--json")
	got.fails("the report is written, but not every question was answered whole")
	assert.True(t, got.report().Complete)
}

func TestAPeriodThatIsNotCoveredIsReportedAndFails(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	path := filepath.Join(t.TempDir(), "report.html")
	a.run("report", "--period", "2024", "-o", path).fails("the report is written, but nothing of the window is covered")
	assert.Contains(t, readFile(t, path), "Nothing of this window is covered.")
	partly := a.run("report", "--period", "2025-11", "--json")
	partly.fails("the report is written, but not all of the window could be read")
	assert.False(t, partly.report().Complete)
}

func TestAReportThatIsInterruptedLeavesNothing(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "none")
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.atLogCall(1, cancel)
	kept := a.archive
	a.archive = filepath.Join(t.TempDir(), "none.db")
	stopped := a.as(ctx, ownerKey, "report", "--period", "2026-10", "-o", filepath.Join(folder, "report.html"))
	stopped.fails("interrupted; nothing was written")
	assert.Empty(t, left(t, folder))

	a.archive = kept
	done, end := context.WithCancel(t.Context())
	end()
	a.as(done, ownerKey, "report", "--period", "2026-10", "-o", filepath.Join(folder, "report.html")).fails("interrupted")
	assert.Empty(t, left(t, folder))
}

func TestAnOutputThatIsFullIsSaid(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	a := newAcme(t)
	a.run("report", "--period", "2026-10", "-o", "/dev/full").fails("could not be written whole")
}

func TestAReportFromAnArchiveIsProved(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	checkpoint, key := checkpointIn(t, a.sync("--details", "none"))
	made := a.run("report", "--from", "all", "--json")
	assert.Contains(t, made.errOut, "from archive")
	report := made.report()
	assert.Equal(t, "archive", report.Source)
	assert.Equal(t, "verified", report.Proof.State)
	assert.Equal(t, checkpoint, report.Proof.Checkpoint, "as sync printed it")
	assert.Equal(t, []string{key}, report.Proof.PublicKeys)
	assert.Equal(t, bulkEntries+2, report.Proof.Log.Entries)
	a.run("verify", "--checkpoint", writeFile(t, report.Proof.Checkpoint), "--public-key", report.Proof.PublicKeys[0]).succeeds()
	page := a.run("report", "--from", "all").out
	assert.Contains(t, page, strings.Split(checkpoint, "\n")[1])
	assert.Contains(t, page, key)
}

func TestAReportFromAnArchiveThatWasChangedSaysSo(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	a.change("DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)")
	got := a.run("report", "--from", "300d", "--json")
	got.fails("the archive is not as it was stored")
	assert.Equal(t, "failed", got.report().Proof.State)
	assert.NotEmpty(t, got.report().Proof.Problems)
}

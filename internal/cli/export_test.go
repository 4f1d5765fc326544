package cli_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/makesim"
)

// sent is what the simulator sends of its log, entry for entry, newest first; with details, what it sends of each alone.
func (a *acme) sent(details bool) []string {
	a.t.Helper()
	get := func(path string) []byte {
		request, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+path, http.NoBody)
		require.NoError(a.t, err)
		request.Header.Set("Authorization", "Token "+ownerKey)
		response, err := http.DefaultClient.Do(request)
		require.NoError(a.t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(a.t, err)
		require.Equal(a.t, http.StatusOK, response.StatusCode, string(body))
		return body
	}
	var list struct{ AuditLogs []json.RawMessage }
	require.NoError(a.t, json.Unmarshal(get(fmt.Sprintf("/audit-logs/organization/%d?pg[limit]=10000", acmeID)), &list))
	lines := make([]string, len(list.AuditLogs))
	for i, raw := range list.AuditLogs {
		if details {
			raw = get(fmt.Sprintf("/audit-logs/%d/%s", acmeID, uuidOf(a.t, string(raw))))
		}
		lines[i] = string(raw)
	}
	require.Len(a.t, lines, len(a.Dump(acmeID)))
	return lines
}

func uuidOf(t *testing.T, line string) string {
	t.Helper()
	var entry struct{ UUID string }
	require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
	return entry.UUID
}

// linesOf are the lines of NDJSON; each must be whole.
func linesOf(t *testing.T, text string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(text) {
		require.True(t, strings.HasSuffix(line, "\n"), "a line was cut: %s", line)
		require.True(t, json.Valid([]byte(line)), line)
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

func uuidsOf(t *testing.T, text string) []string {
	t.Helper()
	uuids := []string{}
	for _, line := range linesOf(t, text) {
		uuids = append(uuids, uuidOf(t, line))
	}
	return uuids
}

// export exports, and returns standard output.
func (a *acme) export(arguments ...string) string {
	a.t.Helper()
	return a.run(append([]string{"export"}, arguments...)...).succeeds().out
}

func TestNDJSONIsWhatMakeSentEntryForEntry(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for name, quirks := range map[string]makesim.Quirks{
		"as documented": {}, "oddly": {OddTypes: true, UnknownFields: true, NullActorTeam: true},
	} {
		a := newAcme(t)
		a.SetQuirks(quirks)
		live := a.run("export").succeeds()
		assert.Equal(t, a.sent(false), linesOf(t, live.out), "%s: from Make", name)
		assert.Contains(t, live.errOut, "32 entries exported, from live\n", name)
		assert.NotContains(t, live.errOut, "\x1b", name)
		if name != "as documented" {
			a.sync("--details", "none")
			assert.Equal(t, a.sent(false), linesOf(t, a.export("--to", "now")), "%s: from the archive", name)
			continue
		}
		a.sync("--details", "all")
		archived := a.run("export", "--to", "now")
		assert.Equal(t, a.sent(true), linesOf(t, archived.out), "from the archive, with the details that are there")
		assert.Contains(t, archived.errOut, "32 entries exported, from archive")
		assert.Contains(t, archived.out, `"details":{"url":"https://hook.example/\u003cx\u003e\u0026y","webhookName":"Orders intake"}`,
			"to the byte, and unmasked")
		a.clock.Advance(time.Minute)
		a.happen(time.Second)
		both := a.run("export", "--to", "now")
		assert.Contains(t, both.errOut, "33 entries exported, from archive+live")
		assert.Len(t, linesOf(t, both.out), 33)
	}
}

func TestExportWritesEveryFormatToStandardOutputAndToAFile(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	holds := map[string]string{"ndjson": `"eventName":`, "ocsf": `"class_uid":`, "ecs": `"@timestamp":`}
	count := func(format, text string) int {
		if format == "csv" {
			require.True(t, strings.HasPrefix(text, "\ufeffuuid,"), "for spreadsheets")
			rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			require.NoError(t, err)
			return len(rows) - 1
		}
		for _, line := range linesOf(t, text) {
			require.Contains(t, line, holds[format])
		}
		return len(linesOf(t, text))
	}
	for _, format := range []string{"ndjson", "csv", "ocsf", "ecs"} {
		printed := a.export("--format", format)
		assert.Equal(t, 32, count(format, printed), format)
		file := filepath.Join(t.TempDir(), "out")
		assert.Empty(t, a.export("--format", strings.ToUpper(format), "-o", file), format)
		assert.Equal(t, printed, readFile(t, file), format)
		isPrivate(t, file)
		a.export("--format", format, "--output", file, "--event", "webhook_deleted", "--force")
		assert.Equal(t, 1, count(format, readFile(t, file)), "%s: a window is written anew", format)
		assert.Zero(t, strings.Count(strings.TrimPrefix(a.export("--format", format, "--event", "team_deleted"), "\ufeffuuid"), "webhook"),
			format)
	}
}

func TestAnExportSaysHowManyCellsOfCSVItChanged(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	const note = "note: text in 2 cells is not exactly the log's"
	assert.NotContains(t, a.run("export", "--format", "csv").succeeds().errOut, "cells")
	a.AddEntries(makesim.Entry{
		OrganizationID: acmeID, Event: "webhook_updated", TargetID: "=1+1", TriggeredAt: a.clock.Now().Add(-time.Minute),
		Actor: &makesim.Actor{ID: 9, Name: "Eve\u202e"},
	})
	assert.Contains(t, a.run("export", "--format", "csv").succeeds().errOut, note)
	raw := a.run("export", "--format", "ndjson").succeeds()
	assert.NotContains(t, raw.errOut, "cells")
	assert.Contains(t, raw.out, `"Eve\u202e"`)
}

func TestTheFilesNameSaysTheFormat(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	folder := t.TempDir()
	for file, format := range map[string]string{
		"a.csv": "csv", "b.CSV": "csv", "c.ndjson": "ndjson", "d.ocsf": "ocsf", "e.ecs": "ecs", "f": "ndjson", "g.json": "ndjson",
		"csv": "ndjson", "h.csv.gz": "ndjson", "i.log": "ndjson",
	} {
		file = filepath.Join(folder, file)
		a.export("-o", file)
		assert.Equal(t, a.export("--format", format), readFile(t, file), file)
	}
	for i, format := range []string{"ndjson", "csv", "ocsf", "ecs"} {
		file := filepath.Join(folder, fmt.Sprint(i)+".csv")
		a.export("-o", file, "--format", format)
		assert.Equal(t, a.export("--format", format), readFile(t, file), "what was asked for counts: %s", format)
	}
	state, file := filepath.Join(folder, "state.json"), filepath.Join(folder, "since.csv")
	a.export("--since-checkpoint", state, "-o", file)
	assert.True(t, strings.HasPrefix(readFile(t, file), "\ufeffuuid,"), readFile(t, file)[:20])
}

func TestAFileIsOverwrittenByForceOnly(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "none")
	for _, name := range []string{"a window", "a series"} {
		var flags []string
		state := filepath.Join(t.TempDir(), "state.json")
		if name == "a series" {
			flags = []string{"--since-checkpoint", state}
		}
		file := writeFile(t, "precious")
		export := append([]string{"export", "-o", file}, flags...)
		got := a.run(export...).refuses(file, "is there already", "--force")
		assert.Empty(t, got.out, name)
		assert.Equal(t, "precious", readFile(t, file), name)
		assert.NoFileExists(t, state, name)
		a.run(append(export, "--force")...).succeeds()
		assert.Len(t, uuidsOf(t, readFile(t, file)), 32, name)
	}
	a.run("export", "-o", os.DevNull).succeeds() // which is there, and no file
}

func TestAFirstExportThatFailsCanBeRepeated(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	export := []string{"export", "--archive=", "--since-checkpoint", filepath.Join(folder, "state"), "-o", filepath.Join(folder, "out")}
	a.atLogCall(2, func() { a.failing(true) })
	a.run(export...).fails()
	a.each(nil)
	a.failing(false)
	a.run(export...).succeeds()
	assert.Len(t, uuidsOf(t, readFile(t, filepath.Join(folder, "out"))), 32)
}

func TestADashIsStandardOutput(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "none")
	want := a.export()
	for _, dash := range [][]string{{"-o", "-"}, {"-o-"}, {"--output", "-"}, {"--output=-"}} {
		assert.Equal(t, want, a.export(dash...), dash)
	}
	state := filepath.Join(t.TempDir(), "state.json")
	assert.Len(t, uuidsOf(t, a.export("-o", "-", "--since-checkpoint", state)), 32)
	assert.Empty(t, a.export("--since-checkpoint", state), "they are one output")
	assert.NoFileExists(t, "-")
}

func TestExportTakesTheFiltersOfTheTools(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.AddEntries(makesim.Entry{OrganizationID: acmeID, Event: "two_factor_authentication_enforcement_enabled",
		TriggeredAt: acmeBegin().Add(-90 * time.Minute)})
	a.sync("--details", "notable")
	midday := acmeBegin().AddDate(0, 0, -100)
	ids := func(is func(e makesim.Entry) bool) []string {
		found := []string{}
		for _, entry := range a.Dump(acmeID) {
			if is(entry) {
				found = append(found, entry.UUID)
			}
		}
		return found
	}
	by := func(e makesim.Entry, actor string) bool { return e.Actor != nil && e.Actor.Name == actor }
	for i, test := range []struct {
		flags []string
		want  []string
	}{
		{[]string{"--event", "scenario_*"}, ids(func(e makesim.Entry) bool { return strings.HasPrefix(e.Event, "scenario_") })},
		{[]string{"--event", "webhook_created", "--event", "data_store_updated"},
			ids(func(e makesim.Entry) bool { return e.Event == "webhook_created" || e.Event == "data_store_updated" })},
		{[]string{"--actor", "Ada Admin"}, ids(func(e makesim.Entry) bool { return by(e, "Ada Admin") })},
		{[]string{"--actor", "leo@acme.example"}, ids(func(e makesim.Entry) bool { return by(e, "Leo Left") })},
		{[]string{"--actor", "none"}, ids(func(e makesim.Entry) bool { return e.Actor == nil })},
		{[]string{"--exclude-actor", "tea@acme.example", "--exclude-actor", "none"},
			ids(func(e makesim.Entry) bool { return e.Actor != nil && !by(e, "Tea Teamadmin") })},
		{[]string{"--exclude-event", "scenario_*"}, ids(func(e makesim.Entry) bool { return !strings.HasPrefix(e.Event, "scenario_") })},
		{[]string{"--team", "Sales", "--team", "none"}, ids(func(e makesim.Entry) bool { return e.TeamID != opsTeam })},
		{[]string{"--target-id", hookTarget}, ids(func(e makesim.Entry) bool { return e.TargetID == hookTarget })},
		{[]string{"--from", "2026-08-12T12:00:00Z"}, ids(func(e makesim.Entry) bool { return !e.TriggeredAt.Before(midday) })},
		{[]string{"--to", "2026-08-12T12:00:00Z", "--team", "6"},
			ids(func(e makesim.Entry) bool { return e.TriggeredAt.Before(midday) && e.TeamID == opsTeam })},
	} {
		require.NotEmpty(t, test.want, test.flags)
		assert.Equal(t, test.want, uuidsOf(t, a.export(test.flags...)), test.flags)
		assert.Equal(t, test.want, uuidsOf(t, a.export(append(test.flags, "--archive=")...)), "%s from Make", test.flags)
		if i%3 > 0 {
			continue
		}
		state := filepath.Join(t.TempDir(), "state.json")
		assert.ElementsMatch(t, test.want, uuidsOf(t, a.export(append(test.flags, "--since-checkpoint", state)...)),
			"%s since the beginning", test.flags)
	}
	assert.Len(t, uuidsOf(t, a.export("--target-id", hookName)), 2, "by name, from the archive")
	for _, bad := range [][]string{{"--event", "no_such_event"}, {"--actor", "Nobody"}, {"--team", "No Such"}, {"--from", "yesteryear"},
		{"--from", "2026-11-02", "--to", "2026-11-01"}} {
		got := a.run(append([]string{"export"}, bad...)...).refuses()
		assert.Empty(t, got.out, bad)
		assert.NotEmpty(t, got.errOut, bad)
	}
}

func TestNamesWithCommasAreOneName(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	var entries []makesim.Entry
	for i, name := range []string{"Moore, Taylor", "Taylor", "Moore"} {
		entries = append(entries, makesim.Entry{OrganizationID: acmeID, Event: "webhook_created", TargetID: name,
			Actor: &makesim.Actor{ID: int64(700 + i), Name: name}, TriggeredAt: acmeBegin().Add(-time.Hour)})
	}
	a.AddEntries(entries...)
	a.sync("--details", "none")
	only := a.export("--actor", "Moore, Taylor")
	require.Len(t, linesOf(t, only), 1)
	assert.Contains(t, only, `"actor":{"id":700,"name":"Moore, Taylor"`)
	assert.Len(t, linesOf(t, a.export("--actor", "Taylor", "--actor", "Moore")), 2)
	all := len(linesOf(t, a.export()))
	assert.Len(t, linesOf(t, a.export("--exclude-actor", "Moore, Taylor")), all-1)
	for _, flag := range []string{"--team", "--actor", "--exclude-actor", "--event", "--exclude-event"} {
		a.run("export", flag, "Sales, Ops").refuses(`"Sales, Ops"`)
	}
}

func TestExportsOfAPeriodAreTheWholeOfIt(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	export := func(flags ...string) outcome { return a.run(append([]string{"export"}, flags...)...) }
	month := export("--period", "last month").succeeds()
	assert.Equal(t, export("--from", "2026-10-01", "--to", "2026-10-31").succeeds().out, month.out)
	assert.NotContains(t, month.errOut, "until now")
	since := export("--from", "last month").succeeds()
	assert.Greater(t, strings.Count(since.out, "\n"), strings.Count(month.out, "\n"))
	assert.Contains(t, since.errOut, "the window goes on until now")
	for _, both := range [][]string{{"--from", "7d"}, {"--to", "now"}, {"--from", "all"}} {
		export(append(both, "--period", "last month")...).refuses("stands instead of from and to")
	}

	// A series that is bound to a period ends with it.
	state := filepath.Join(t.TempDir(), "state")
	assert.Len(t, linesOf(t, export("--period", "2026-10", "--since-checkpoint", state).succeeds().out), strings.Count(month.out, "\n"))
	assert.Empty(t, export("--period", "2026-10", "--since-checkpoint", state).succeeds().out)
}

func TestAnExportSaysWhichIDsFitNothing(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	const note = `note: team "777" fits nothing`
	assert.Contains(t, a.run("export", "--team", "777").succeeds().errOut, note)
	assert.Contains(t, a.run("export", "--team", "777", "--since-checkpoint", filepath.Join(t.TempDir(), "s.json")).succeeds().errOut, note)
	assert.NotContains(t, a.run("export", "--team", "5").succeeds().errOut, "fits nothing")
}

func TestExportSaysWhichFormatsThereAre(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	file := filepath.Join(t.TempDir(), "out")
	a.run("export", "--format", "xml", "-o", file).refuses(`"xml"`, "ndjson", "csv", "ocsf", "ecs", "--format")
	assert.NoFileExists(t, file)
	assert.Empty(t, a.Requests())
	assert.Equal(t, 2, a.run("export", "--no-such-flag").code)
	a.run("export", "-o", filepath.Join(file, "none")).refuses("the output cannot be written")
	a.as(t.Context(), norightsKey, "export").fails("Admin or Owner")
}

// continued runs exports that go on from each other, as a SIEM polls.
type continued struct {
	*acme
	state, output string
	withArchive   bool
}

// next exports what is new; to standard output where there is no output file.
func (c *continued) next(arguments ...string) (lines string) {
	c.t.Helper()
	if c.withArchive {
		c.sync("--details", "none")
	}
	return c.try(c.t.Context(), arguments...).succeeds().out
}

func (c *continued) try(ctx context.Context, arguments ...string) outcome {
	c.t.Helper()
	flags := []string{"export", "--since-checkpoint", c.state}
	if c.output != "" {
		flags = append(flags, "-o", c.output)
	}
	return c.as(ctx, ownerKey, append(flags, arguments...)...)
}

// eachWay runs a test with an archive and without.
func eachWay(t *testing.T, test func(t *testing.T, c *continued)) {
	t.Helper()
	for name, withArchive := range map[string]bool{"archive": true, "Make": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &continued{acme: newAcme(t), state: filepath.Join(t.TempDir(), "state.json"), withArchive: withArchive})
		})
	}
}

func TestAnExportGoesOnWithWhatIsNew(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		first := uuidsOf(t, c.next())
		assert.Len(t, first, 32)
		isPrivate(t, c.state)
		assert.Empty(t, c.next(), "nothing is new")

		c.clock.Advance(time.Minute)
		late := c.happen(time.Second, 30*time.Second, 21*24*time.Hour, 300*24*time.Hour)
		assert.ElementsMatch(t, late, uuidsOf(t, c.next()), "late ones, too")
		for _, later := range []time.Duration{7 * time.Minute, 7 * time.Minute, 3 * 24 * time.Hour} {
			c.clock.Advance(later)
			news := c.happen(time.Second, 24*time.Hour)
			assert.ElementsMatch(t, news, uuidsOf(t, c.next()))
		}
		assert.Empty(t, c.next())
	})
}

func TestManyEntriesShortlyBeforeAreExportedOnce(t *testing.T) {
	t.Parallel()
	c := &continued{acme: newAcme(t), state: filepath.Join(t.TempDir(), "state.json")}
	// More than a page of entries within the time that is read again.
	c.AddEntries(makesim.Bulk(makesim.BulkOptions{OrganizationID: acmeID, Count: 400, From: acmeBegin().Add(-40 * time.Minute),
		To: acmeBegin(), Seed: 9})...)
	exported := uuidsOf(t, c.next())
	for step := range 8 {
		c.clock.Advance(time.Minute)
		now := c.clock.Now()
		c.AddEntries(makesim.Bulk(makesim.BulkOptions{OrganizationID: acmeID, Count: 5 + 30*(step%3), From: now.Add(-50 * time.Second),
			To: now.Add(-time.Second), Seed: uint64(100 + step)})...)
		exported = append(exported, uuidsOf(t, c.next())...)
	}
	c.allAre(exported)
}

func TestAFileIsContinued(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		c.output = filepath.Join(t.TempDir(), "out.ndjson")
		assert.Empty(t, c.next(), "nothing on standard output")
		isPrivate(t, c.output)
		before := readFile(t, c.output)
		c.clock.Advance(time.Minute)
		c.happen(time.Second, 21*24*time.Hour)
		c.next()
		after := readFile(t, c.output)
		assert.True(t, strings.HasPrefix(after, before), "what was there stays")
		c.allAre(uuidsOf(t, after))

		// What a killed export had written of it is written anew.
		state := readFile(t, c.state)
		require.NoError(t, os.WriteFile(c.output, []byte(after+`{"uuid":"cut off`), 0o600))
		c.clock.Advance(time.Minute)
		c.happen(time.Second)
		c.next()
		c.allAre(uuidsOf(t, readFile(t, c.output)))
		assert.NotEqual(t, state, readFile(t, c.state))

		// Less than was written is no file to go on with.
		state = readFile(t, c.state)
		require.NoError(t, os.WriteFile(c.output, []byte(before), 0o600))
		c.try(t.Context()).refuses("cannot be continued")
		assert.Equal(t, before, readFile(t, c.output))
		assert.Equal(t, state, readFile(t, c.state))
	})
}

func TestATableThatIsContinuedHasOneHeader(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		c.output = filepath.Join(t.TempDir(), "out.csv")
		c.next("--format", "csv")
		for range 2 {
			c.clock.Advance(time.Minute)
			c.happen(time.Second)
			c.next("--format", "csv")
		}
		rows, err := csv.NewReader(strings.NewReader(readFile(t, c.output))).ReadAll()
		require.NoError(t, err)
		assert.Len(t, rows, 35)
		assert.Equal(t, 1, strings.Count(readFile(t, c.output), "triggered_at"))
		assert.Equal(t, 1, strings.Count(readFile(t, c.output), "\ufeff"))
	})
}

func TestAFailedExportIsGoneOnWith(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		c.output = filepath.Join(t.TempDir(), "out.ndjson")
		c.next()
		c.clock.Advance(time.Minute)
		c.happen(time.Second, 21*24*time.Hour)
		state, output := readFile(t, c.state), readFile(t, c.output)
		if c.withArchive {
			c.sync("--details", "none")
		}
		fails := func(got outcome, name string) {
			got.fails()
			assert.Equal(t, state, readFile(t, c.state), "%s: the state is as it was", name)
			assert.True(t, strings.HasPrefix(readFile(t, c.output), output), "%s: what was exported stays", name)
		}
		if !c.withArchive { // with one, Make's word is not needed for what it holds
			c.failing(true)
			fails(c.try(t.Context()), "Make fails")
			c.failing(false)
			c.atLogCall(1, func() { c.failing(true) })
			fails(c.try(t.Context()), "Make fails half-way")
			c.each(nil)
			c.failing(false)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		var asked atomic.Int64
		c.each(func(*http.Request) {
			if asked.Add(1) == 3 {
				interrupt()
			}
		})
		fails(c.try(ctx).fails("interrupted"), "interrupted")
		c.each(nil)
		// The disk of the state's folder may fail, too.
		folder := filepath.Dir(c.state)
		require.NoError(t, os.Chmod(folder, 0o500))
		if os.Getuid() != 0 { // whom no rights keep out
			fails(c.try(t.Context()), "the state cannot be written")
		}
		require.NoError(t, os.Chmod(folder, 0o700))

		c.next()
		c.allAre(uuidsOf(t, readFile(t, c.output)))
		if c.withArchive {
			c.failing(true)
			c.try(t.Context()).succeeds() // the own key needs no word of Make's
			c.allAre(uuidsOf(t, readFile(t, c.output)))
		}
		left, err := filepath.Glob(c.state + "*")
		require.NoError(t, err)
		assert.Equal(t, []string{c.state, c.state + ".lock"}, left, "nothing else is left behind")
	})
}

func TestAnExportWhoseReaderLeavesFailsAndForgetsNothing(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		c.sync("--details", "none")
		for _, flags := range [][]string{{}, {"--since-checkpoint", c.state}} {
			if !c.withArchive {
				flags = append(flags, "--archive=")
			}
			reader, out, err := os.Pipe()
			require.NoError(t, err)
			require.NoError(t, reader.Close())
			var errOut bytes.Buffer
			code := cli.Run(t.Context(), append(append(c.flags(ownerKey), "export"), flags...),
				cli.Streams{In: strings.NewReader(""), Out: out, Err: &errOut}, "1")
			require.NoError(t, out.Close())
			assert.Equal(t, 1, code)
			assert.Contains(t, errOut.String(), "broken pipe")
		}
		assert.NoFileExists(t, c.state)
		assert.Len(t, uuidsOf(t, c.next()), 32)
	})
}

func TestAStateThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.ownsBetaToo()
	a.sync("--details", "none", "--organization-id=")
	folder := t.TempDir()
	state, output := filepath.Join(folder, "state.json"), filepath.Join(folder, "out")
	a.export("--since-checkpoint", state, "-o", output)
	before, written := readFile(t, state), readFile(t, output)

	other := filepath.Join(t.TempDir(), "other.db")
	a.sync("--details", "none", "--archive", other)
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"another organization": {[]string{"--organization-id", fmt.Sprint(betaID)}, "it is about organization 77"},
		"another archive":      {[]string{"--archive", other}, "another archive"},
		"no archive":           {[]string{"--archive="}, "with an archive"},
		"a text file":          {[]string{"--since-checkpoint", writeFile(t, "no state")}, "cannot be read"},
		"a folder":             {[]string{"--since-checkpoint", folder}, "cannot be read"},
		"a newer state": {[]string{"--since-checkpoint", writeFile(t, strings.Replace(before, `"next":`, `"next":9`, 1))},
			"the archive has"},
	} {
		got := a.run(append([]string{"export", "--since-checkpoint", state, "-o", output}, test.arguments...)...).refuses(test.says, "Next:")
		assert.Empty(t, got.out, name)
		assert.Equal(t, before, readFile(t, state), name)
		assert.Equal(t, written, readFile(t, output), "%s: what was exported stays", name)
	}
	for _, flags := range [][]string{{"--team", "Sales"}, {"--from", "30d"}, {"--period", "2026-10"}, {"--exclude-event", "*_deleted"},
		{"--target-id", "1"}} {
		got := a.run(append([]string{"export", "--since-checkpoint", state, "-o", output}, flags...)...).
			refuses("it is of an export of everything, and not of \"" + flags[0][2:] + ": " + flags[1] + "\"")
		assert.Empty(t, got.out)
	}
	ofSales := filepath.Join(t.TempDir(), "state.json")
	a.export("--since-checkpoint", ofSales, "--team", "Sales", "--team", "Ops")
	a.export("--since-checkpoint", ofSales, "--team", "Ops", "--team", "Sales", "--from", "all")
	a.run("export", "--since-checkpoint", ofSales).refuses(`of an export of "team: Ops; team: Sales", and not of everything`)

	fromMake := filepath.Join(t.TempDir(), "state.json")
	a.export("--since-checkpoint", fromMake, "--archive=")
	a.run("export", "--since-checkpoint", fromMake).refuses("the other way round")

	// A state is good for one output: another file is not cut to its length.
	precious := writeFile(t, strings.Repeat("precious\n", 10_000))
	text := readFile(t, precious)
	a.run("export", "--since-checkpoint", state, "-o", precious).refuses(output)
	assert.Empty(t, strings.TrimPrefix(text, readFile(t, precious)), "another output")
	got := a.run("export", "--since-checkpoint", state).refuses(output)
	assert.Empty(t, got.out, "no output after one")
	toStandardOutput := filepath.Join(t.TempDir(), "state.json")
	a.export("--since-checkpoint", toStandardOutput)
	a.run("export", "--since-checkpoint", toStandardOutput, "-o", precious).refuses("standard output")
	assert.Empty(t, strings.TrimPrefix(text, readFile(t, precious)), "an output after none")
}

func TestAnOutputThatWasMovedAwayOrEmptiedIsBegunAnew(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		c.output = filepath.Join(t.TempDir(), "out.csv")
		rows := func(file string) int {
			rows, err := csv.NewReader(strings.NewReader(readFile(t, file))).ReadAll()
			require.NoError(t, err)
			return len(rows)
		}
		c.next()
		assert.Equal(t, 1+32, rows(c.output))
		for how, rotate := range map[string]func() error{
			"moved":   func() error { return os.Rename(c.output, c.output+".1") },
			"emptied": func() error { return os.Truncate(c.output, 0) },
		} {
			require.NoError(t, rotate())
			c.clock.Advance(time.Minute)
			c.happen(time.Second)
			if c.withArchive {
				c.sync("--details", "none")
			}
			assert.Contains(t, c.try(t.Context()).succeeds().errOut, "moved away or emptied, so a new one was begun", how)
			assert.Equal(t, 1+1, rows(c.output), "%s: with a header", how)
		}
	})
}

func TestASecondExportOfASeriesWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	state := filepath.Join(t.TempDir(), "state.json")
	reached := a.stuckAt(1)
	first := a.start("export", "--archive=", "--since-checkpoint", state)
	<-reached
	a.run("export", "--archive=", "--since-checkpoint", state).fails("another export goes on from", state)
	first.stop()
	<-first.code
	a.each(nil)
	got := a.run("export", "--archive=", "--since-checkpoint", state).succeeds()
	assert.Len(t, uuidsOf(t, got.out), 32)
	assert.Contains(t, got.errOut, "more than 10 minutes after it was written is missed by exports from Make")
}

func TestACheckpointIsOneFileOfItsOwnByWhateverName(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	state, link, dangling := filepath.Join(folder, "state.json"), filepath.Join(folder, "link"), filepath.Join(folder, "dangling")
	require.NoError(t, os.Symlink(state, link))
	require.NoError(t, os.Symlink(filepath.Join(folder, "nothing"), dangling))
	a.run("export", "--archive=", "--since-checkpoint", dangling).refuses("it is a link to nothing")
	a.run("export", "--archive=", "--since-checkpoint", "-").refuses("it must be a file")
	a.run("export", "--archive=", "--since-checkpoint", state, "-o", state).refuses("the entries go into the same file")
	a.run("export", "--archive=", "--since-checkpoint", state, "-o", state+".lock").refuses("the entries go into the same file")
	assert.Len(t, uuidsOf(t, a.run("export", "--archive=", "--since-checkpoint", state).succeeds().out), 32)
	a.run("export", "--archive=", "--since-checkpoint", state, "-o", link, "--force").refuses("the entries go into the same file")
	assert.Empty(t, a.run("export", "--archive=", "--since-checkpoint", link).succeeds().out, "goes on from what the link leads to")
	target, err := os.Readlink(link)
	require.NoError(t, err, "the link stays")
	assert.Equal(t, state, target)
	reached := a.stuckAt(1)
	first := a.start("export", "--archive=", "--since-checkpoint", state)
	<-reached
	a.run("export", "--archive=", "--since-checkpoint", link).fails("another export goes on from")
	first.stop()
	<-first.code
}

func TestAStateThatCannotBeKeptIsToldBeforeAnythingIsExported(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *continued) {
		c.sync("--details", "none")
		if !c.withArchive {
			c.archive = ""
		}
		c.state = filepath.Join(t.TempDir(), "none", "state.json")
		got := c.try(t.Context()).refuses("remember")
		assert.Zero(t, len(got.out), "or it would be exported again and again") //nolint:testifylint // the text would fill the log
	})
}

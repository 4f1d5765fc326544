package tz_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/tz"
)

// offset is what the clocks of a zone show at an instant, e.g. -07:00.
func offset(t *testing.T, database tz.Database, zone, at string) string {
	t.Helper()
	location, err := database.Load(zone)
	require.NoError(t, err, zone)
	assert.Equal(t, zone, location.String())
	instant, err := time.Parse(time.RFC3339, at)
	require.NoError(t, err)
	return instant.In(location).Format("-07:00")
}

// What governments decided in 2025 and 2026, and what has long been so.
func TestTheBuiltInRulesAreOfToday(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, at, want string }{
		{"America/Vancouver", "2026-02-20T12:00:00Z", "-08:00"},
		{"America/Vancouver", "2026-10-31T12:00:00Z", "-07:00"},
		{"America/Vancouver", "2026-11-20T12:00:00Z", "-07:00"}, // clocks no longer go back
		{"Canada/Pacific", "2026-11-20T12:00:00Z", "-07:00"},
		{"America/Edmonton", "2026-11-20T12:00:00Z", "-06:00"},
		{"Canada/Mountain", "2026-11-20T12:00:00Z", "-06:00"},
		{"America/Inuvik", "2026-11-20T12:00:00Z", "-06:00"},
		{"America/Winnipeg", "2026-11-20T12:00:00Z", "-05:00"},
		{"America/Havana", "2026-11-20T12:00:00Z", "-04:00"},
		{"Africa/Casablanca", "2026-08-20T12:00:00Z", "+01:00"},
		{"Africa/Casablanca", "2026-09-19T12:00:00Z", "+01:00"},
		{"Africa/Casablanca", "2026-09-21T12:00:00Z", "+00:00"},
		{"Africa/Casablanca", "2026-11-20T12:00:00Z", "+00:00"},
		{"Africa/El_Aaiun", "2026-11-20T12:00:00Z", "+00:00"},
		{"America/Coyhaique", "2026-07-01T12:00:00Z", "-03:00"}, // a zone of 2025
		{"Europe/Prague", "2026-11-20T12:00:00Z", "+01:00"},
		{"Asia/Kathmandu", "2026-11-20T12:00:00Z", "+05:45"},
		{"America/Ojinaga", "2022-10-31T12:00:00Z", "-06:00"}, // some compilers of the database get this wrong
		{"Asia/Gaza", "2073-09-03T12:00:00Z", "+02:00"},       // and this
		{"Pacific/Apia", "2011-12-29T12:00:00Z", "-10:00"},    // its clocks skipped the 30th
		{"Pacific/Apia", "2011-12-31T12:00:00Z", "+14:00"},
		{"US/Pacific", "2026-11-20T12:00:00Z", "-08:00"},
		{"Etc/GMT-2", "2026-11-20T12:00:00Z", "+02:00"},
		{"UTC", "2026-11-20T12:00:00Z", "+00:00"},
	} {
		assert.Equal(t, test.want, offset(t, tz.Newest(), test.zone, test.at), "%s at %s", test.zone, test.at)
	}
}

func TestTheBuiltInRulesGoOnForAsLongAsAnybodyAsks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, at, want string }{
		{"Europe/Prague", "2099-07-01T12:00:00Z", "+02:00"},
		{"Europe/Prague", "2099-12-01T12:00:00Z", "+01:00"},
		{"Australia/Lord_Howe", "2099-07-01T12:00:00Z", "+10:30"},
		{"Australia/Lord_Howe", "2099-12-01T12:00:00Z", "+11:00"},
		{"America/Vancouver", "2099-12-01T12:00:00Z", "-07:00"},
	} {
		assert.Equal(t, test.want, offset(t, tz.Newest(), test.zone, test.at), "%s at %s", test.zone, test.at)
	}
}

func TestEveryBuiltInZoneCanBeLoaded(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	rules, err := os.ReadFile("rules.txt")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^([A-Z]\S*) `).FindAllStringSubmatch(string(rules), -1)
	assert.Greater(t, len(names), 590)
	for _, name := range names {
		location, err := tz.Newest().Load(name[1])
		require.NoError(t, err)
		assert.Equal(t, name[1], location.String())
	}
}

func TestWhatIsNoZoneIsRefused(t *testing.T) {
	t.Parallel()
	machine := newMachine(t, "tzdata.zi", "# version 9999z\n")
	for _, name := range []string{"localtime", "posixrules", "right/UTC", "Europe/Odd"} {
		machine.write(name, fixed("ODD", 0))
	}
	for _, name := range []string{
		"", ".", "Local", "local", "localtime", "posixrules", "right/UTC", "tzdata.zi", "Europe", "Prague", "europe/prague",
		"Europe/Prague ", "Europe/Prague\nEurope/Rome", "#", "=", "/UTC", "Europe/../UTC", "../UTC", `Europe\Prague`, "Etc/Nowhere", "+02:00",
	} {
		for _, database := range []tz.Database{tz.Newest(), tz.Newest(machine.directory)} {
			_, err := database.Load(name)
			require.Error(t, err, "%s: %q", database, name)
		}
	}
}

func TestTheMachinesRulesCountOnlyIfTheyAreNewer(t *testing.T) {
	t.Parallel()
	builtIn := tz.Newest().Release
	require.Regexp(t, `^20\d\d[a-z]$`, builtIn)
	for name, test := range map[string]struct {
		file, text, want string
	}{
		"newer, on Linux":             {"tzdata.zi", "# version 9999b\n# redo\nR A 1 2 o - 3 4 5 6\n", "tz database 9999b, this machine's"},
		"newer, on macOS":             {"+VERSION", "9999b\n", "tz database 9999b, this machine's"},
		"newer, in another form":      {"tzdata.zi", "# version 9999b-rearguard\n", "tz database 9999b, this machine's"},
		"newer, after z":              {"tzdata.zi", "# version 9999za\n", "tz database 9999za, this machine's"},
		"the same":                    {"tzdata.zi", "# version " + builtIn + "\n", "tz database " + builtIn + ", built in"},
		"older":                       {"tzdata.zi", "# version 2025b\n", "tz database " + builtIn + ", built in"},
		"older, on macOS":             {"+VERSION", "2025b", "tz database " + builtIn + ", built in"},
		"of nobody knows which":       {"tzdata.zi", "# version unknown\n", "tz database " + builtIn + ", built in"},
		"of nobody tells which":       {"zone.tab", "9999b", "tz database " + builtIn + ", built in"},
		"a release that is no text's": {"tzdata.zi/x", "9999b", "tz database " + builtIn + ", built in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			machine := newMachine(t, test.file, test.text)
			machine.write("Europe/Prague", fixed("ODD", 5*3600))
			machine.write("Mars/Olympus", fixed("MARS", 3*3600))
			database := tz.Newest(filepath.Join(t.TempDir(), "nothing"), machine.directory)
			assert.Equal(t, test.want, database.String())
			const at = "2026-11-20T12:00:00Z"
			// Old names that a machine left out are known all the same.
			assert.Equal(t, "-07:00", offset(t, database, "Canada/Pacific", at))
			if strings.HasSuffix(test.want, "built in") {
				assert.Equal(t, "+01:00", offset(t, database, "Europe/Prague", at))
				_, err := database.Load("Mars/Olympus")
				require.Error(t, err)
				return
			}
			assert.Equal(t, "+05:00", offset(t, database, "Europe/Prague", at))
			assert.Equal(t, "+03:00", offset(t, database, "Mars/Olympus", at), "a zone that is newer than the built-in rules")
		})
	}
}

func TestTheNewestOfSeveralMachinesRulesCounts(t *testing.T) {
	t.Parallel()
	older, newer := newMachine(t, "tzdata.zi", "# version 9999a\n"), newMachine(t, "+VERSION", "9999c")
	for _, directories := range [][]string{{older.directory, newer.directory}, {newer.directory, older.directory}} {
		assert.Equal(t, "9999c", tz.Newest(directories...).Release)
	}
}

func TestTheRulesInUseAreAtLeastAsNewAsTheBuiltInOnes(t *testing.T) {
	t.Parallel()
	assert.GreaterOrEqual(t, tz.InUse().Release, tz.Newest().Release)
	vancouver, err := tz.Load("America/Vancouver")
	require.NoError(t, err)
	assert.Equal(t, "-07:00", time.Date(2026, 11, 20, 0, 0, 0, 0, vancouver).Format("-07:00"))
}

// machine is a directory such as /usr/share/zoneinfo.
type machine struct {
	*testing.T
	directory string
}

func newMachine(t *testing.T, file, text string) *machine {
	t.Helper()
	m := &machine{t, t.TempDir()}
	m.write(file, text)
	return m
}

func (m *machine) write(name, text string) {
	m.Helper()
	path := filepath.Join(m.directory, filepath.FromSlash(name))
	require.NoError(m, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(m, os.WriteFile(path, []byte(text), 0o600))
}

// fixed is a TZif file (RFC 9636) of a zone whose clocks never change.
func fixed(abbreviation string, seconds uint32) string {
	file := append([]byte("TZif"), make([]byte, 16)...)
	for _, count := range []int{0, 0, 0, 0, 1, len(abbreviation) + 1} {
		file = binary.BigEndian.AppendUint32(file, uint32(count))
	}
	file = binary.BigEndian.AppendUint32(file, seconds)
	return string(append(file, 0, 0)) + abbreviation + "\x00"
}

func TestAZoneThatIsKeptIsTheOneThatWasAskedFor(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for range 2 {
		for name, want := range map[string]string{"Europe/Prague": "+02:00", "Asia/Kathmandu": "+05:45", "America/Lima": "-05:00"} {
			location, err := tz.Load(name)
			require.NoError(t, err)
			assert.Equal(t, []string{name, want}, []string{location.String(), at.In(location).Format("-07:00")})
		}
	}
}

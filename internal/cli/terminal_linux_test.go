package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/cli"
)

// openTerminal opens a terminal of a width, and returns the person's side and the program's. shown closes the latter, and returns what it
// was sent.
func openTerminal(t *testing.T, width uint16) (person, terminal *os.File, shown func() string) {
	t.Helper()
	person, terminal, _, shown = watchTerminal(t, width)
	return person, terminal, shown
}

// watchTerminal is openTerminal, with what was sent so far.
func watchTerminal(t *testing.T, width uint16) (person, terminal *os.File, sent *sharedBuffer, shown func() string) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = person.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}))
	sent = &sharedBuffer{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(sent, person) // until the terminal is closed, which is an error
	}()
	return person, terminal, sent, func() string {
		require.NoError(t, terminal.Close())
		<-done
		return sent.String()
	}
}

// onTerminal runs the program with a terminal of a width for its standard error, and returns what the terminal was sent.
func onTerminal(t *testing.T, width uint16, arguments ...string) string {
	t.Helper()
	_, terminal, shown := openTerminal(t, width)
	var out bytes.Buffer
	code := cli.Run(t.Context(), arguments, cli.Streams{In: strings.NewReader(""), Out: &out, Err: terminal}, "1.2.3")
	said := shown()
	assert.Zero(t, code, said)
	return said
}

func TestATerminalShowsOneLineThatChanges(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.holds(132)
	shown := onTerminal(t, 30, append(a.flags(ownerKey), "sync", "--details", "all")...)
	assert.NotContains(t, shown, "\n")
	lines := strings.Split(shown, "\r\x1b[K")
	assert.Contains(t, lines, "77: entries: 0 stored, back t", "cut where the terminal ends")
	assert.Regexp(t, `\r\x1b\[K77: details: \d+ of 132 done`, shown)
	assert.Empty(t, lines[len(lines)-1], "nothing of it is left")
	for _, line := range lines {
		assert.Less(t, len(line), 30, line)
	}
}

func TestSetupColoursADifferenceForAPerson(t *testing.T) {
	newHome(t)
	t.Setenv("NO_COLOR", "")
	_, terminal, shown := openTerminal(t, 100)
	code := cli.Run(t.Context(), []string{"--demo", "setup", "codex"},
		cli.Streams{In: strings.NewReader(""), Out: terminal, Err: io.Discard}, "1.2.3")
	said := shown()
	assert.Zero(t, code, said)
	assert.Contains(t, said, "\x1b[32m+[mcp_servers.make-audit]\x1b[0m\r\n")
	assert.Contains(t, said, "\x1b[36m@@ -0,0 +1,3 @@\x1b[0m")
}

func TestAKeyIsTypedUnseen(t *testing.T) {
	home := newHome(t)
	person, terminal, shown := openTerminal(t, 100)
	go func() {
		assert.Eventually(t, func() bool {
			mode, err := unix.IoctlGetTermios(int(person.Fd()), unix.TCGETS)
			return err == nil && mode.Lflag&unix.ECHO == 0
		}, 10*time.Second, time.Millisecond, "what is typed is not shown")
		_, _ = person.WriteString("typed-key\n")
	}()
	code := cli.Run(t.Context(), []string{"setup", "jetbrains", "--zone", "eu1.make.com", "--save-key", "--no-check", "--write"},
		cli.Streams{In: terminal, Out: io.Discard, Err: terminal}, "1.2.3")
	said := shown()
	assert.Zero(t, code, said)
	assert.Contains(t, said, "API key of Make (it is not shown): ")
	assert.NotContains(t, said, "typed-key")
	assert.Equal(t, "typed-key\n", readFile(t, home+"/.config/make-audit-mcp/api-key"))
}

// printed runs the program with a terminal for its output, and returns what that shows.
func printed(t *testing.T, width uint16, arguments ...string) string {
	t.Helper()
	_, terminal, shown := openTerminal(t, width)
	code := cli.Run(t.Context(), arguments, cli.Streams{In: strings.NewReader(""), Out: terminal, Err: io.Discard}, "1.2.3")
	said := strings.ReplaceAll(shown(), "\r\n", "\n")
	assert.Zero(t, code, said)
	return said
}

func TestAPersonGetsTablesThatFitTheTerminal(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	demo := []string{"--demo", "--demo-now", demoNow}
	count := slices.Concat(demo, []string{"call", "count_audit_logs", "--group-by", "actor", "--limit", "3"})
	sequence := regexp.MustCompile("\x1b\\[[0-9]+m")
	for _, width := range []uint16{40, 80} {
		for line := range strings.Lines(sequence.ReplaceAllString(printed(t, width, count...), "")) {
			assert.LessOrEqual(t, len([]rune(line)), int(width)+1, line)
		}
	}
	coloured := printed(t, 80, count...)
	assert.Contains(t, coloured, "\x1b[1mACTOR\x1b[0m")
	assert.Contains(t, coloured, "█")
	assert.Contains(t, printed(t, 80, append(count, "--output", "json")...), "{\n  \"query\"")
	assert.Contains(t, printed(t, 80, slices.Concat(demo, []string{"detect", "--from", "30d"})...), "\x1b[31mcritical\x1b[0m")
	checked := printed(t, 60, slices.Concat(demo, []string{"check"})...)
	assert.Contains(t, checked, "\x1b[32mok  \x1b[0m  organization 4721")
	for line := range strings.Lines(sequence.ReplaceAllString(checked, "")) {
		assert.LessOrEqual(t, len([]rune(line)), 61, line)
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			assert.Equal(t, sequence.ReplaceAllString(coloured, ""), printed(t, 80, count...))
		})
	}
	t.Run("a locale without UTF-8", func(t *testing.T) {
		t.Setenv("LC_ALL", "C")
		shown := printed(t, 80, count...)
		assert.Contains(t, shown, "##")
		assert.NotContains(t, shown, "█")
	})
}

func TestASlowReadTellsHowItGoesAndLeavesNothing(t *testing.T) {
	logtest.NotUnderRace(t)
	const begun, gone = "\r\x1b[K", "\r\x1b[K"
	for _, command := range [][]string{{"call", "list_audit_logs"}, {"prompt", "security_review"}, {"detect"}, {"export", "-o", "-"}} {
		a := newAcme(t)
		goOn, reached := make(chan struct{}), make(chan struct{})
		a.atLogCall(1, func() {
			close(reached)
			<-goOn
		})
		_, terminal, sent, shown := watchTerminal(t, 100)
		ended := make(chan int)
		go func() {
			ended <- cli.Run(t.Context(), slices.Concat(a.flags(ownerKey), []string{"--log-level", "error"}, command),
				cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: terminal}, "1.2.3")
		}()
		<-reached
		eventually(t, func() bool { return strings.Contains(sent.String(), begun) }, "it says that it goes on")
		close(goOn)
		assert.Zero(t, <-ended, sent.String())
		said := shown()
		assert.Regexp(t, `^\r\x1b\[K(asking Make|[0-9].*entries)`, said)
		last := said[strings.LastIndex(said, gone)+len(gone):]
		assert.NotRegexp(t, "asking|entries read", last, "%s: what stays is what is said in the end", command)
	}
}

func TestAnInterruptEndsASlowReadInWords(t *testing.T) {
	logtest.NotUnderRace(t)
	for _, command := range [][]string{{"call", "list_audit_logs", "--limit", "1"}, {"prompt", "security_review"}, {"detect"}} {
		a := newAcme(t)
		ctx, interrupt := context.WithCancel(t.Context())
		goOn := make(chan struct{})
		a.atLogCall(1, func() {
			interrupt()
			<-goOn
		})
		_, terminal, shown := openTerminal(t, 100)
		code := cli.Run(ctx, slices.Concat(a.flags(ownerKey), []string{"--log-level", "error"}, command),
			cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: terminal}, "1.2.3")
		close(goOn)
		assert.Equal(t, 1, code)
		assert.Equal(t, "make-audit-mcp: interrupted\r\n", shown(), command)
	}
}

func TestAFullDiskIsSaidInWords(t *testing.T) {
	logtest.NotUnderRace(t)
	environment(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = full.Close() })
	for _, words := range [][]string{
		{"call", "list_organizations"}, {"call", "list_organizations", "--output", "csv"},
		{"call", "list_organizations", "--output", "table"},
		{"call"}, {"call", "list_people", "--help"}, {"prompt"}, {"prompt", "security_review"}, {"check"}, {"check", "--output", "json"},
		{"check", "--output", "csv"}, {"detect", "--from", "30d", "--output", "table"}, {"detect", "--from", "30d", "--output", "csv"},
		{"detect", "--from", "30d"}, {"--help"}, {"export", "--help"}, {"help", "export"}, {"--version"},
	} {
		var said bytes.Buffer
		code := cli.Run(t.Context(), slices.Concat([]string{"--demo", "--demo-now", demoNow}, words),
			cli.Streams{In: strings.NewReader(""), Out: full, Err: &said}, "1.2.3")
		assert.Equal(t, 1, code, words)
		assert.Contains(t, said.String(), "no space left on device", words)
	}
}

package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"make-audit-mcp/internal/cli"
)

// openTerminal opens a terminal of a width, and returns the person's side and the program's. shown closes the latter, and returns what it
// was sent.
func openTerminal(t *testing.T, width uint16) (person, terminal *os.File, shown func() string) {
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
	sent := make(chan string)
	go func() {
		var all bytes.Buffer
		_, _ = all.ReadFrom(person) // until the terminal is closed, which is an error
		sent <- all.String()
	}()
	return person, terminal, func() string {
		require.NoError(t, terminal.Close())
		return <-sent
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

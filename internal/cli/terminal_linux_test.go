package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"make-audit-mcp/internal/cli"
)

// onTerminal runs the program with a terminal of a width for its standard error, and returns what the terminal was sent.
func onTerminal(t *testing.T, width uint16, arguments ...string) string {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { _ = person.Close() }()
	require.NoError(t, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}))
	shown := make(chan string)
	go func() {
		var all bytes.Buffer
		_, _ = all.ReadFrom(person) // until the terminal is closed, which is an error
		shown <- all.String()
	}()
	var out bytes.Buffer
	code := cli.Run(t.Context(), arguments, cli.Streams{In: strings.NewReader(""), Out: &out, Err: terminal}, "1.2.3")
	require.NoError(t, terminal.Close())
	said := <-shown
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

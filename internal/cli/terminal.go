package cli

import (
	"os"
	goruntime "runtime"
	"strconv"
	"strings"

	"golang.org/x/term"

	"make-audit-mcp/internal/display"
)

// isTerminal says whether a stream is a person's terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalColour says whether a stream is to be coloured.
func terminalColour(stream any) bool {
	return isTerminal(stream) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// screenOf is what a stream shows: as many columns as its terminal has, or as COLUMNS says where it is none; without a bound where neither
// says.
func screenOf(stream any) display.Screen {
	screen := display.Screen{Colour: terminalColour(stream), ASCII: !showsUnicode()}
	if file, ok := stream.(*os.File); ok && isTerminal(stream) {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			screen.Width = width
			return screen
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		screen.Width = width
	}
	return screen
}

// showsUnicode says whether terminals show more than ASCII, by the locale; Windows has none.
func showsUnicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(os.Getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return goruntime.GOOS == "windows"
}

package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// absolutePath is the path that a flag gives: "~" is the home directory, also where no shell has seen to it, as in a client's settings; an
// empty path stays empty, and "-" and what is meant as the address of a database are no paths.
func absolutePath(path string) (string, error) {
	if path == "" || path == "-" || isMeantAsAddress(path) {
		return path, nil
	}
	return filepath.Abs(homePath(path))
}

// homePath is a path whose beginning "~" is replaced by the user's home directory.
func homePath(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

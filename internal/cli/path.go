package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// pathMapper reads the flags of type path, in the place of kong's own: "~" is the home directory, also where no shell has seen to it, as in
// a client's settings; an empty path stays empty, and "-" is no path.
type pathMapper struct{}

// Decode implements [kong.Mapper].
func (pathMapper) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	var path string
	if err := ctx.Scan.PopValueInto("file", &path); err != nil {
		return err
	}
	if path != "" && path != "-" {
		absolute, err := filepath.Abs(homePath(path))
		if err != nil {
			return err
		}
		path = absolute
	}
	target.SetString(path)
	return nil
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

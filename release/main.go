// Command release makes every package of a release from the commit that is checked out, and publishes nothing.
//
//	release VERSION [-o DIR] [-dirty]
//
// Two releases of one commit are equal byte for byte, wherever they are made, if the same version of Go makes them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"

	"make-audit-mcp/release/archive"
	"make-audit-mcp/release/checksums"
	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/homebrew"
	"make-audit-mcp/release/image"
	"make-audit-mcp/release/linux"
	"make-audit-mcp/release/mcpb"
	"make-audit-mcp/release/npm"
	"make-audit-mcp/release/registry"
	"make-audit-mcp/release/sbom"
	"make-audit-mcp/release/scoop"
)

// maker makes packages of what was built, each in files of its own in [dist.Release.Out].
type maker func(context.Context, dist.Release) error

// makers returns all of them, in the order in which they run: later ones find what earlier ones made.
func makers() []maker {
	return []maker{
		archive.Make,
		linux.Make,
		image.Make,
		homebrew.Make, // of the archives
		scoop.Make,    // of the archives
		npm.Make,
		mcpb.Make,
		registry.Make, // of the bundle, too
		sbom.Make,
		checksums.Make, // of all the others
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// order is what was asked for.
type order struct {
	version, root, out string
	dirty              bool
}

func run(ctx context.Context, args []string, to io.Writer) error {
	asked, err := parse(args)
	if err != nil {
		return err
	}
	return fill(asked.out, func(folder string) error {
		release, err := prepare(ctx, asked, folder)
		if err != nil {
			return err
		}
		if err := build(ctx, &release); err != nil {
			return err
		}
		if err := describe(ctx, &release); err != nil {
			return err
		}
		for _, make := range makers() {
			if err := make(ctx, release); err != nil {
				return err
			}
		}
		return list(to, folder, asked.out)
	})
}

// parse reads the command line: flags may stand on both sides of the version.
func parse(args []string) (order, error) {
	var asked order
	flags := flag.NewFlagSet("scripts/release", flag.ContinueOnError)
	flags.StringVar(&asked.root, "C", ".", "a `folder` of the repository")
	flags.StringVar(&asked.out, "o", "", "`folder` that the packages are written to, a new one (default dist/VERSION)")
	flags.BoolVar(&asked.dirty, "dirty", false, "release what is not committed too: for trials")
	var words []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return order{}, err
		}
		if args = flags.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	version := regexp.MustCompile(`^v?(\d+\.\d+\.\d+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?)$`)
	if len(words) != 1 || !version.MatchString(words[0]) {
		return order{}, fmt.Errorf("%q is no version: say one, as in scripts/release v0.1.0 or scripts/release v0.1.0-rc.1",
			strings.Join(words, " "))
	}
	asked.version = version.FindStringSubmatch(words[0])[1]
	if asked.out == "" {
		asked.out = filepath.Join("dist", "v"+asked.version)
	}
	return asked, nil
}

// fill has a folder filled that is there only when it is whole.
func fill(folder string, with func(folder string) error) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if found, err := os.ReadDir(folder); err == nil && len(found) > 0 {
		return fmt.Errorf("%s is not empty: remove it, or name another folder with -o", folder)
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil { //nolint:gosec // for everybody to read
		return err
	}
	part, err := os.MkdirTemp(filepath.Dir(folder), filepath.Base(folder)+".part")
	if err != nil {
		return err
	}
	defer os.RemoveAll(part)                      //nolint:errcheck // nothing is left of it after success
	if err := os.Chmod(part, 0o755); err != nil { //nolint:gosec // for everybody to read
		return err
	}
	if err := with(part); err != nil {
		return err
	}
	// What may be there is empty.
	if err := os.Remove(folder); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Rename(part, folder)
}

// list tells what was made.
func list(to io.Writer, folder, name string) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(table, "%d\t  %s\n", info.Size(), filepath.Join(name, relative))
		return err
	})
	if err != nil {
		return err
	}
	return table.Flush()
}

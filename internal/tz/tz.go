// Package tz knows the rules of the world's time zones: the one database that all local times of this program go by. Governments change
// them at a few weeks' notice, so the binary carries the newest release that there was, and prefers the machine's where that is newer.
package tz

import (
	"compress/gzip"
	_ "embed" // the rules are a part of the binary
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// builtIn is made by scripts/tzdata; its head says of what form it is.
//
//go:embed rules.txt
var builtIn string

// Database is a release of the tz database: the built-in one, or that of a directory.
type Database struct {
	// Release is its name, such as 2026f; later releases have greater names.
	Release string
	// directory is empty for the built-in one.
	directory string
}

// Load returns the zone of an IANA name, such as Europe/Prague, by the rules in use. Upper and lower case matter; the server's own zone has
// no name.
func Load(name string) (*time.Location, error) {
	if known, ok := loaded.Load(name); ok {
		location, _ := known.(*time.Location)
		return location, nil
	}
	location, err := InUse().Load(name)
	if err == nil {
		loaded.Store(name, location)
	}
	return location, err
}

// loaded are zones by their names, which are few: every question asks for one, and to unpack it takes a while.
var loaded sync.Map //nolint:gochecknoglobals // only memory

// InUse is the database that [Load] goes by: the same for as long as the process runs.
func InUse() Database { return inUse() }

var inUse = sync.OnceValue(func() Database { return Newest(machines()...) }) //nolint:gochecknoglobals // found out once

// machines are the directories in which a machine may have a database of its own.
func machines() []string {
	if runtime.GOOS == "windows" { // it has none, and anybody there may make a directory /usr
		return nil
	}
	return []string{"/usr/share/zoneinfo", "/etc/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ"}
}

// Newest returns the built-in database, unless that of a directory is newer.
func Newest(directories ...string) Database {
	newest := Database{Release: releaseIn(builtIn)}
	for _, directory := range directories {
		if release := releaseOf(directory); release > newest.Release {
			newest = Database{Release: release, directory: directory}
		}
	}
	return newest
}

// String says which release it is, and where it comes from.
func (d Database) String() string {
	if d.directory == "" {
		return "tz database " + d.Release + ", built in"
	}
	return "tz database " + d.Release + ", this machine's"
}

// Load returns a zone by the rules of this database.
func (d Database) Load(name string) (*time.Location, error) {
	switch {
	case name == "UTC":
		return time.UTC, nil
	case !isName(name):
		return nil, fmt.Errorf("%q is no name of a time zone; one is Europe/Prague", name)
	}
	if d.directory != "" {
		rules, err := os.ReadFile(filepath.Join(d.directory, filepath.FromSlash(name)))
		if err == nil {
			return time.LoadLocationFromTZData(name, rules)
		}
		// Some machines leave old names out, such as US/Pacific.
	}
	rules, err := builtInRules(name)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, rules)
}

// isName reports whether this could be a zone's name. All begin with a capital: localtime, posixrules and right/UTC, which some machines
// have as well, are none.
func isName(name string) bool {
	return fs.ValidPath(name) && name[0] >= 'A' && name[0] <= 'Z' && !strings.ContainsAny(name, "\\ \n")
}

// builtInRules returns a zone's TZif file: its place among all files, which are packed as one, is what those before it are long.
func builtInRules(name string) ([]byte, error) {
	index, packed, _ := strings.Cut(builtIn, "\n\n")
	place := int64(0)
	for line := range strings.Lines(index + "\n") {
		zone, is, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if zone == "#" {
			continue
		}
		other, same := strings.CutPrefix(is, "=")
		if same {
			if zone == name {
				return builtInRules(other)
			}
			continue
		}
		length, err := strconv.ParseInt(is, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the built-in rules of %s: %w", zone, err)
		}
		if zone == name {
			return unpacked(packed, place, length)
		}
		place += length
	}
	return nil, fmt.Errorf("no time zone is called %q; one is Europe/Prague", name)
}

// unpacked returns a part of what is packed: gzip, base64.
func unpacked(packed string, place, length int64) ([]byte, error) {
	all, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed)))
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, all, place); err != nil {
		return nil, err
	}
	part := make([]byte, length)
	_, err = io.ReadFull(all, part)
	return part, err
}

// releaseOf returns the release of a directory's database; empty if it has none, or does not tell. Linux tells it in tzdata.zi, macOS in
// +VERSION.
func releaseOf(directory string) string {
	for _, name := range []string{"tzdata.zi", "+VERSION"} {
		file, err := os.Open(filepath.Join(directory, name)) //nolint:gosec // the directories are ours
		if err != nil {
			continue
		}
		head, err := io.ReadAll(io.LimitReader(file, 64))
		_ = file.Close()
		if release := releaseIn(string(head)); err == nil && release != "" {
			return release
		}
	}
	return ""
}

// releaseIn finds the release's name at the beginning of a line.
func releaseIn(text string) string {
	release := regexp.MustCompile(`(?m)^(?:# version )?(\d{4}[a-z]+)`).FindStringSubmatch(text)
	if release == nil {
		return ""
	}
	return release[1]
}

// Package dist is what every package of a release is made from: its version, its time, its binaries and its address.
//
// Whatever is made from the same Release is the same, byte for byte: its maker asks neither the clock nor the machine.
package dist

import (
	"fmt"
	"os"
	"time"
)

// Platform is what a binary runs on, in Go's words.
type Platform struct {
	// OS is linux, darwin or windows.
	OS string
	// Arch is amd64 or arm64.
	Arch string
}

// Platforms returns those that a release has binaries for, in the order of every list of them.
func Platforms() []Platform {
	return []Platform{
		{"linux", "amd64"}, {"linux", "arm64"},
		{"darwin", "amd64"}, {"darwin", "arm64"},
		{"windows", "amd64"}, {"windows", "arm64"},
	}
}

// String returns OS_ARCH, as in names of files.
func (p Platform) String() string { return p.OS + "_" + p.Arch }

// Executable returns the name of the binary on p.
func (p Platform) Executable() string {
	if p.OS == "windows" {
		return Name + ".exe"
	}
	return Name
}

// Name is the product's, and that of its binary.
const Name = "make-audit-mcp"

// License is the product's, as SPDX calls it.
const License = "Apache-2.0"

// LicencesFile is what the file with the licences of others is called.
const LicencesFile = "THIRD_PARTY_LICENSES"

// Release is what packages are made from.
type Release struct {
	// Version is without the leading v: 0.1.0-rc.1.
	Version string
	// Commit is the hash of the released commit.
	Commit string
	// Time is that of the released commit, and of every file in a package.
	Time time.Time
	// Root is the repository's folder, for its texts.
	Root string
	// Out is the folder that packages are written to. It exists.
	Out string
	// Binaries are paths of those that were built, one for each of [Platforms].
	Binaries map[Platform]string
	// Manual is the man page, in roff.
	Manual []byte
	// Completions are scripts for shells, by the shells' names.
	Completions map[string][]byte
	// Licences are the texts of others' licences: packages that hold a binary hold them as well, in [LicencesFile].
	Licences []byte
	// Address is where the repository lives, once it does.
	Address Address
}

// Path returns where the file of that name is written to.
func (r Release) Path(format string, args ...any) string {
	return r.Out + "/" + fmt.Sprintf(format, args...)
}

// Write writes the file of that name, for everybody to read.
func (r Release) Write(name string, content []byte) error {
	return os.WriteFile(r.Path("%s", name), content, 0o644) //nolint:gosec // a package is for everybody
}

// Package linux makes the packages that Linux distributions install: deb and rpm.
package linux

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed" // files of the packages
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"

	"make-audit-mcp/release/dist"
)

//go:embed make-audit-mcp.service
var service []byte

//go:embed environment
var environment []byte

// summary is the packages' description. Debian wants its first line short, and without an article.
const summary = `MCP server that answers questions about a Make.com audit log
It lets an AI agent ask who did what, when, to which scenario, connection,
webhook or key, finds what stands out, keeps the log longer than Make does,
and proves that nothing in it was changed.`

// format is how one family of distributions packs.
type format struct {
	ending string
	packer interface {
		Package(info *nfpm.Info, to io.Writer) error
	}
	// files are those that the family has a place of its own for.
	files func(dist.Release) ([]dist.File, error)
}

// Make writes a package of each format for each Linux that there is a binary for.
func Make(_ context.Context, r dist.Release) error {
	for _, format := range []format{
		{ending: "deb", packer: deb.Default, files: debianFiles},
		{ending: "rpm", packer: rpm.DefaultRPM, files: fedoraFiles},
	} {
		for _, platform := range dist.Platforms() {
			if platform.OS != "linux" {
				continue
			}
			if err := pack(r, format, platform); err != nil {
				return fmt.Errorf("%s for %s: %w", format.ending, platform, err)
			}
		}
	}
	return nil
}

func pack(r dist.Release, format format, platform dist.Platform) error {
	binary, err := r.Binary(platform, "/usr/bin/"+dist.Name)
	if err != nil {
		return err
	}
	manual, err := compressed(r.Manual)
	if err != nil {
		return err
	}
	own, err := format.files(r)
	if err != nil {
		return err
	}
	contents, remove, err := contents(append([]dist.File{
		binary,
		{Path: "/usr/share/man/man1/" + dist.Name + ".1.gz", Mode: 0o644, Content: manual},
		{Path: "/usr/share/bash-completion/completions/" + dist.Name, Mode: 0o644, Content: r.Completions["bash"]},
		{Path: "/usr/share/fish/vendor_completions.d/" + dist.Name + ".fish", Mode: 0o644, Content: r.Completions["fish"]},
		{Path: "/usr/lib/systemd/system/" + dist.Name + ".service", Mode: 0o644, Content: service},
		{Path: settings, Mode: 0o644, Content: environment},
	}, own...), r.Time)
	if err != nil {
		return err
	}
	defer remove()
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: dist.Name, Version: r.Version, Arch: platform.Arch, Platform: platform.OS, Section: "net", Priority: "optional",
		Maintainer: r.Address.Maintainer, Description: summary, Homepage: "https://" + r.Address.Repository, License: dist.License,
		MTime: r.Time, DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: contents,
			RPM:      nfpm.RPM{BuildHost: "localhost", Packager: r.Address.Maintainer}, // else the machine's name gets in
		},
	})
	var packed bytes.Buffer
	if err := format.packer.Package(info, &packed); err != nil {
		return err
	}
	return r.Write(fmt.Sprintf("%s_%s_%s.%s", dist.Name, r.Version, platform, format.ending), packed.Bytes())
}

// settings are the service's, and kept where somebody changed them.
const settings = "/etc/" + dist.Name + "/environment"

// contents returns files as nfpm takes them, which is from the disk, and a function that removes them from there.
func contents(all []dist.File, at time.Time) (files.Contents, func(), error) {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { _ = os.RemoveAll(folder) }
	var contents files.Contents
	for i, file := range all {
		from := filepath.Join(folder, fmt.Sprint(i))
		if err := os.WriteFile(from, file.Content, 0o600); err != nil {
			remove()
			return nil, nil, err
		}
		content := &files.Content{
			Source: from, Destination: file.Path,
			FileInfo: &files.ContentFileInfo{Mode: file.Mode, MTime: at, Owner: "root", Group: "root"},
		}
		if file.Path == settings {
			content.Type = files.TypeConfigNoReplace
		}
		contents = append(contents, content)
	}
	return contents, remove, nil
}

// debianFiles returns what Debian's policy asks for.
func debianFiles(r dist.Release) ([]dist.File, error) {
	copyright := fmt.Sprintf("%s comes from https://%s.\nCopyright %d its authors.\nIts licence is Apache-2.0: /usr/share/common-licenses/Apache-2.0\n"+
		"The licences of what else is in it: %s, beside this file\n", dist.Name, r.Address.Repository, r.Time.Year(), dist.LicencesFile)
	changes, err := compressed(fmt.Appendf(nil, "%s (%s) unstable; urgency=medium\n\n  * Release %s.\n\n -- %s  %s\n",
		dist.Name, debianVersion(r.Version), r.Version, r.Address.Maintainer, r.Time.Format(time.RFC1123Z)))
	if err != nil {
		return nil, err
	}
	overrides := "# Go links statically.\n" + dist.Name + ": statically-linked-binary\n"
	return []dist.File{
		{Path: "/usr/share/doc/" + dist.Name + "/copyright", Mode: 0o644, Content: []byte(copyright)},
		{Path: "/usr/share/doc/" + dist.Name + "/" + dist.LicencesFile, Mode: 0o644, Content: r.Licences},
		{Path: "/usr/share/doc/" + dist.Name + "/changelog.gz", Mode: 0o644, Content: changes},
		{Path: "/usr/share/lintian/overrides/" + dist.Name, Mode: 0o644, Content: []byte(overrides)},
		{Path: "/usr/share/zsh/vendor-completions/_" + dist.Name, Mode: 0o644, Content: r.Completions["zsh"]},
	}, nil
}

// fedoraFiles returns what has its place in Fedora, and in those that do as it does.
func fedoraFiles(r dist.Release) ([]dist.File, error) {
	files, err := r.LicenceFiles("/usr/share/licenses/" + dist.Name + "/")
	return append(files,
		dist.File{Path: "/usr/share/zsh/site-functions/_" + dist.Name, Mode: 0o644, Content: r.Completions["zsh"]}), err
}

// debianVersion returns a version so that those before a release sort before it: 0.1.0~rc.1.
func debianVersion(version string) string {
	return strings.Replace(version, "-", "~", 1)
}

func compressed(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	to, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := to.Write(content); err != nil {
		return nil, err
	}
	err = to.Close()
	return packed.Bytes(), err
}

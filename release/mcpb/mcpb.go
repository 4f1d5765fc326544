// Package mcpb makes the bundle that Claude Desktop and other hosts install with a click: binaries for all systems, and a manifest that
// says which to start and what to ask the user for.
package mcpb

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"text/template"

	"make-audit-mcp/release/dist"
)

//go:embed start.sh
var startScript []byte

//go:embed README.md
var readme string

// What hosts start lies here in the bundle.
const (
	macOS   = "server/darwin/" + dist.Name
	windows = "server/windows/" + dist.Name + ".exe"
	linux   = "server/linux/" + dist.Name // a script: overrides do not tell processors apart
)

// FileName returns what the bundle of a version is called.
func FileName(version string) string { return dist.Name + "-" + version + ".mcpb" }

// Make writes the bundle. It asks the binary of this machine for its tools.
func Make(ctx context.Context, r dist.Release) error {
	tools, err := toolsOf(ctx, r.Binaries[dist.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}])
	if err != nil {
		return err
	}
	described, err := describe(r, tools)
	if err != nil {
		return err
	}
	files, err := contents(r, described)
	if err != nil {
		return err
	}
	packed, err := pack(r, files)
	if err != nil {
		return err
	}
	return os.WriteFile(r.Path("%s", FileName(r.Version)), packed, 0o644) //nolint:gosec // for everybody to read
}

// file is one of the bundle.
type file struct {
	path    string
	content []byte
	mode    os.FileMode
}

func contents(r dist.Release, described manifest) ([]file, error) {
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // people read it
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(described); err != nil {
		return nil, err
	}
	text, err := template.New("README.md").Parse(readme)
	if err != nil {
		return nil, err
	}
	var told bytes.Buffer
	if err := text.Execute(&told, r.Address); err != nil {
		return nil, err
	}
	license, err := os.ReadFile(filepath.Join(r.Root, "LICENSE"))
	if err != nil {
		return nil, err
	}
	drawn, err := icon()
	if err != nil {
		return nil, err
	}
	binaries := map[dist.Platform][]byte{}
	for platform, path := range r.Binaries {
		if binaries[platform], err = os.ReadFile(path); err != nil { //nolint:gosec // a file of the release
			return nil, err
		}
	}
	both, err := universal(binaries[dist.Platform{OS: "darwin", Arch: "amd64"}], binaries[dist.Platform{OS: "darwin", Arch: "arm64"}])
	if err != nil {
		return nil, err
	}
	return []file{
		{"manifest.json", written.Bytes(), 0o644}, {"README.md", told.Bytes(), 0o644}, {"LICENSE", license, 0o644},
		{dist.LicencesFile, r.Licences, 0o644}, {"icon.png", drawn, 0o644},
		{macOS, both, 0o755},
		{windows, binaries[dist.Platform{OS: "windows", Arch: "amd64"}], 0o755},
		{linux, startScript, 0o755},
		// As uname calls processors.
		{linux + "-x86_64", binaries[dist.Platform{OS: "linux", Arch: "amd64"}], 0o755},
		{linux + "-aarch64", binaries[dist.Platform{OS: "linux", Arch: "arm64"}], 0o755},
	}, nil
}

func pack(r dist.Release, files []file) ([]byte, error) {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, file := range files {
		header := &zip.FileHeader{Name: file.path, Method: zip.Deflate, Modified: r.Time}
		header.SetMode(file.mode)
		to, err := archive.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(file.content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return packed.Bytes(), err
}

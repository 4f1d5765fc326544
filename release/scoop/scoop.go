// Package scoop makes the manifest that Scoop installs from, on Windows.
package scoop

import (
	"bytes"
	"context"
	"encoding/json"

	"make-audit-mcp/release/archive"
	"make-audit-mcp/release/checksums"
	"make-audit-mcp/release/dist"
)

// manifest is Scoop's.
type manifest struct {
	Version      string              `json:"version"`
	Description  string              `json:"description"`
	Homepage     string              `json:"homepage"`
	License      string              `json:"license"`
	Architecture map[string]download `json:"architecture"`
	Bin          string              `json:"bin"`
}

type download struct {
	URL        string `json:"url"`
	Hash       string `json:"hash"`
	ExtractDir string `json:"extract_dir"`
}

// Make writes the manifest, which names the archives that were made.
func Make(_ context.Context, r dist.Release) error {
	m := manifest{
		Version: r.Version, Description: "Lets an AI agent ask about a Make.com organization's audit log",
		Homepage: "https://" + r.Address.Repository, License: dist.License,
		Architecture: map[string]download{}, Bin: dist.Name + ".exe",
	}
	for name, arch := range map[string]string{"64bit": "amd64", "arm64": "arm64"} {
		platform := dist.Platform{OS: "windows", Arch: arch}
		sum, err := checksums.Of(r.Path("%s", archive.Name(r, platform)))
		if err != nil {
			return err
		}
		m.Architecture[name] = download{URL: archive.URL(r, platform), Hash: sum, ExtractDir: archive.Folder(r, platform)}
	}
	var written bytes.Buffer
	to := json.NewEncoder(&written)
	to.SetEscapeHTML(false)
	to.SetIndent("", "    ")
	if err := to.Encode(m); err != nil {
		return err
	}
	return r.Write(dist.Name+".json", written.Bytes())
}

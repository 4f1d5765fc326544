// Package npm makes the packages for npm: a launcher, and beside it a package for each platform with its binary.
package npm

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"make-audit-mcp/release/dist"
)

//go:embed launcher.mjs
var launcher []byte

//go:embed README.md
var readme string

// manifest is a package.json.
type manifest struct {
	Name        string     `json:"name"`
	Version     string     `json:"version"`
	Description string     `json:"description"`
	MCPName     string     `json:"mcpName,omitempty"`
	Keywords    []string   `json:"keywords,omitempty"`
	Homepage    string     `json:"homepage"`
	Repository  repository `json:"repository"`
	License     string     `json:"license"`
	Author      string     `json:"author"`
	// OS and CPU are in Node's words; npm installs a package nowhere else.
	OS  []string `json:"os,omitempty"`
	CPU []string `json:"cpu,omitempty"`
	// PreferUnplugged has Yarn unpack the package, since a binary cannot be started out of an archive.
	PreferUnplugged      bool              `json:"preferUnplugged,omitempty"`
	Bin                  map[string]string `json:"bin,omitempty"`
	Files                []string          `json:"files"`
	Engines              map[string]string `json:"engines,omitempty"`
	OptionalDependencies map[string]string `json:"optionalDependencies,omitempty"`
}

type repository struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// Make writes the packages to the folder npm, as npm pack would call them. Those of platforms are to be published first.
func Make(_ context.Context, r dist.Release) error {
	if err := os.MkdirAll(r.Path("npm"), 0o750); err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(r.Root, "LICENSE"))
	if err != nil {
		return err
	}
	described, err := describe(r.Address)
	if err != nil {
		return err
	}
	main := common(r, r.Address.NPM, "Ask an AI agent about your Make.com audit log: a server of the Model Context Protocol")
	main.MCPName = r.Address.Registry
	main.Keywords = []string{"mcp", "mcp-server", "make.com", "audit-log", "security"}
	main.Bin = map[string]string{dist.Name: "launcher.mjs"}
	main.Files = []string{"launcher.mjs"}
	main.Engines = map[string]string{"node": ">=18"}
	main.OptionalDependencies = map[string]string{}
	for _, platform := range dist.Platforms() {
		system, cpu := Platform(platform)
		one := common(r, r.Address.NPM+"-"+system+"-"+cpu, fmt.Sprintf("The binary of %s for %s on %s", r.Address.NPM, system, cpu))
		one.OS, one.CPU, one.PreferUnplugged = []string{system}, []string{cpu}, true
		path := "bin/" + platform.Executable()
		one.Files = []string{path, dist.LicencesFile}
		binary, err := os.ReadFile(r.Binaries[platform])
		if err != nil {
			return err
		}
		err = write(r, one, file{"LICENSE", license, 0o644}, file{dist.LicencesFile, r.Licences, 0o644}, file{path, binary, 0o755})
		if err != nil {
			return err
		}
		main.OptionalDependencies[one.Name] = r.Version
	}
	return write(r, main, file{"LICENSE", license, 0o644}, file{"README.md", described, 0o644}, file{"launcher.mjs", launcher, 0o755})
}

// Platform returns what Node calls a platform: process.platform and process.arch.
func Platform(platform dist.Platform) (system, cpu string) {
	system, cpu = platform.OS, platform.Arch
	if system == "windows" {
		system = "win32"
	}
	if cpu == "amd64" {
		cpu = "x64"
	}
	return system, cpu
}

// common is what all packages say of themselves.
func common(r dist.Release, name, description string) manifest {
	address := "https://" + r.Address.Repository
	return manifest{
		Name: name, Version: r.Version, Description: description, Homepage: address + "#readme",
		Repository: repository{Type: "git", URL: "git+" + address + ".git"}, License: "Apache-2.0", Author: r.Address.Maintainer,
	}
}

func describe(address dist.Address) ([]byte, error) {
	text, err := template.New("README.md").Parse(readme)
	if err != nil {
		return nil, err
	}
	var described bytes.Buffer
	err = text.Execute(&described, address)
	return described.Bytes(), err
}

// write writes a package with its package.json and files.
func write(r dist.Release, m manifest, files ...file) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	packed, err := pack(r.Time, append([]file{{"package.json", append(content, '\n'), 0o644}}, files...))
	if err != nil {
		return err
	}
	return os.WriteFile(r.Path("npm/%s", FileName(m.Name, r.Version)), packed, 0o644) //nolint:gosec // for everybody to read
}

// FileName returns what npm pack calls the file of a package: of a scoped one the scope as well.
func FileName(name, version string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, "@"), "/", "-") + "-" + version + ".tgz"
}

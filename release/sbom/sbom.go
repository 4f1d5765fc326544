// Package sbom lists what the binaries of a release are made of.
package sbom

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"make-audit-mcp/release/dist"
)

// module is one that is in a binary.
type module struct{ path, version string }

// Make writes a list in CycloneDX's format: the modules that are in any of the binaries, and Go itself. It has no serial number, which
// would differ each time.
func Make(ctx context.Context, r dist.Release) error {
	modules, err := modules(r)
	if err != nil {
		return err
	}
	folders, err := folders(ctx, r.Root)
	if err != nil {
		return err
	}
	product := component(module{dist.Name, "v" + r.Version}, nil)
	product.Type = cdx.ComponentTypeApplication
	product.Licenses = &cdx.Licenses{{License: &cdx.License{ID: dist.License}}}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: r.Time.Format(time.RFC3339), Component: &product}
	var components []cdx.Component
	var names []string
	for _, m := range modules {
		licences, err := licences(folders[m])
		if err != nil {
			return err
		}
		components = append(components, component(m, licences))
		names = append(names, purl(m))
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: product.BOMRef, Dependencies: &names}}
	var written bytes.Buffer
	if err := cdx.NewBOMEncoder(&written, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return err
	}
	return r.Write(dist.Name+"_"+r.Version+".cdx.json", written.Bytes())
}

// modules returns those that any of the binaries says it has, sorted; Go's own packages are the module std.
func modules(r dist.Release) ([]module, error) {
	var found []module
	for _, platform := range dist.Platforms() {
		info, err := buildinfo.ReadFile(r.Binaries[platform])
		if err != nil {
			return nil, err
		}
		found = append(found, module{"std", strings.TrimPrefix(info.GoVersion, "go")})
		for _, dependency := range info.Deps {
			if dependency.Replace != nil {
				dependency = dependency.Replace
			}
			found = append(found, module{dependency.Path, dependency.Version})
		}
	}
	slices.SortFunc(found, func(a, b module) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.version, b.version)) })
	return slices.Compact(found), nil
}

func purl(m module) string { return "pkg:golang/" + m.path + "@" + m.version }

func component(m module, licences cdx.Licenses) cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: purl(m), Name: m.path, Version: m.version, PackageURL: purl(m)}
	if len(licences) > 0 {
		c.Evidence = &cdx.Evidence{Licenses: &licences}
	}
	return c
}

// folders returns where Go keeps the modules of the repository.
func folders(ctx context.Context, root string) (map[module]string, error) {
	command := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Version}} {{.Dir}}", "all")
	command.Dir, command.Stderr = root, os.Stderr
	printed, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	folders := map[module]string{}
	for line := range strings.Lines(string(printed)) {
		if fields := strings.SplitN(strings.TrimSpace(line), " ", 3); len(fields) == 3 {
			folders[module{fields[0], fields[1]}] = fields[2]
		}
	}
	return folders, nil
}

// licences returns those whose words stand in a module's files of licences. It says what was found there, and judges nothing.
func licences(folder string) (cdx.Licenses, error) {
	if folder == "" {
		return nil, nil
	}
	var texts []byte
	for _, names := range []string{"LICEN[CS]E*", "COPYING*"} {
		files, err := filepath.Glob(filepath.Join(folder, names))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file) //nolint:gosec // in Go's cache of modules
			if err != nil {
				return nil, err
			}
			texts = append(texts, text...)
		}
	}
	words := strings.Join(strings.Fields(string(texts)), " ")
	bsd := strings.Contains(words, "Redistribution and use in source and binary forms")
	clauses3 := strings.Contains(words, "Neither the name") || strings.Contains(words, "may be used to endorse")
	var found cdx.Licenses
	for _, known := range []struct {
		id string
		is bool
	}{
		{"Apache-2.0", strings.Contains(words, "Apache License Version 2.0") || strings.Contains(words, "Apache License, Version 2.0")},
		{"BSD-2-Clause", bsd && !clauses3},
		{"BSD-3-Clause", bsd && clauses3},
		{"MIT", strings.Contains(words, "Permission is hereby granted, free of charge")},
		{"MPL-2.0", strings.Contains(words, "Mozilla Public License Version 2.0") || strings.Contains(words, "Mozilla Public License, version 2.0")},
	} {
		if known.is {
			found = append(found, cdx.LicenseChoice{License: &cdx.License{ID: known.id}})
		}
	}
	return found, nil
}

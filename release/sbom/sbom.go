// Package sbom lists what the binaries of a release are made of.
package sbom

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/modules"
)

// Make writes a list in CycloneDX's format: the modules that are in any of the binaries, and Go itself. It has no serial number, which
// would differ each time.
func Make(ctx context.Context, r dist.Release) error {
	found, err := modules.Of(ctx, r)
	if err != nil {
		return err
	}
	product := component(modules.Module{Path: dist.Name, Version: "v" + r.Version}, nil)
	product.Type = cdx.ComponentTypeApplication
	product.Licenses = &cdx.Licenses{{License: &cdx.License{ID: dist.License}}}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: r.Time.Format(time.RFC3339), Component: &product}
	var components []cdx.Component
	var names []string
	for _, m := range found {
		licences, err := licences(m.Folder)
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

func purl(m modules.Module) string { return "pkg:golang/" + m.Path + "@" + m.Version }

func component(m modules.Module, licences cdx.Licenses) cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: purl(m), Name: m.Path, Version: m.Version, PackageURL: purl(m)}
	if len(licences) > 0 {
		c.Evidence = &cdx.Evidence{Licenses: &licences}
	}
	return c
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

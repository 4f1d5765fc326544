// Package licences collects the licences of whatever is in the binaries of a release besides our own code. Most of them ask that their text
// goes along with every copy.
package licences

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/modules"
)

// Collect returns all of them as one text: each is there once, below the files that have it. It fails for a module that has none.
func Collect(ctx context.Context, r dist.Release) ([]byte, error) {
	found, err := modules.Of(ctx, r)
	if err != nil {
		return nil, err
	}
	var texts []string // in the order in which they were found first
	files := map[string][]string{}
	for _, module := range found {
		names, err := licencesOf(module)
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s %s: there is no file with its licence in %q", module.Path, module.Version, module.Folder)
		}
		for _, name := range names {
			content, err := os.ReadFile(filepath.Join(module.Folder, name)) //nolint:gosec // in Go's cache of modules
			if err != nil {
				return nil, err
			}
			text := strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n"))
			if len(files[text]) == 0 {
				texts = append(texts, text)
			}
			files[text] = append(files[text], module.Path+" "+module.Version+": "+filepath.ToSlash(name))
		}
	}
	var all bytes.Buffer
	fmt.Fprintf(&all, "What the binaries of %s %s hold besides its own code, and under which licences. \"std\" is Go itself.\n"+
		"The container image holds root certificates as well: those of Mozilla's NSS, under MPL-2.0 (https://www.mozilla.org/MPL/2.0/).\n",
		dist.Name, r.Version)
	for _, text := range texts {
		fmt.Fprintf(&all, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(files[text], "\n"), text)
	}
	return all.Bytes(), nil
}

// named is what files of licences are called, whatever is added behind.
var named = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents)([-_][\w-]+)?(\.(txt|md))?$`)

// licencesOf returns the files with a module's licences: at its top, and below, where modules keep what they took from others. Data of
// tests is in no binary, and below Go's own two are those of its tools.
func licencesOf(module modules.Module) (names []string, err error) {
	if module.Folder == "" {
		return nil, nil
	}
	err = filepath.WalkDir(module.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != module.Folder && (module.Path == "std" || entry.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !named.MatchString(entry.Name()) {
			return nil
		}
		name, err := filepath.Rel(module.Folder, path)
		names = append(names, name)
		return err
	})
	return names, err
}

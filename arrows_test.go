package main_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestImportsPointOneWay holds the rooms apart: each may import only what stands
// here (CONTRIBUTING.md has the map). Tests may use the simulator as well.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	const module = "make-audit-mcp"
	allowed := map[string][]string{
		".":                    {"internal/cli"},
		"makeapi":              {},
		"internal/auditlog":    {},
		"internal/makesim":     {},
		"internal/auth":        {},
		"internal/telemetry":   {},
		"internal/transport":   {"internal/auth", "internal/telemetry"},
		"internal/conformance": {"internal/transport"},
		"schemas":              {"internal/auditlog"},
		"internal/live":        {"internal/auditlog", "makeapi"},
		"internal/archive":     {"internal/auditlog"},
		"internal/export":      {"internal/auditlog"},
		"internal/analysis":    {"internal/auditlog"},
		"internal/answer":      {"internal/auditlog", "internal/analysis", "schemas"},
		"tools":                {"internal/auditlog", "internal/analysis", "internal/answer", "schemas"},
		"resources":            {"internal/auditlog", "internal/analysis", "internal/answer"},
		"prompts":              {"internal/auditlog", "internal/analysis", "internal/answer", "schemas", "tools"},
		"internal/cli": {
			"internal/auditlog", "internal/analysis", "internal/answer", "internal/live", "internal/makesim",
			"internal/archive", "internal/auth", "internal/export", "internal/telemetry", "internal/transport", "makeapi", "prompts", "resources", "tools",
		},
	}
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "clients" || entry.Name() == "bench" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		room := filepath.ToSlash(filepath.Dir(path))
		found[room] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if other, ours := strings.CutPrefix(name, module+"/"); ours {
				assert.True(t, slices.Contains(allowed[room], other), "%s must not import %s", path, other)
			}
		}
		return nil
	}))
	for room := range found {
		assert.Contains(t, allowed, room, "a new room needs a place in the map")
	}
}

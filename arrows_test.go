package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sourceFile is a file of ours, of what is built or of what tests need.
type sourceFile struct {
	path, room string
	*ast.File
}

// isTest reports whether the file is no part of what is built.
func (f *sourceFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// parseTree returns the Go files of this module; those with modules of their own, and benchmarks, may import what they like.
func parseTree(t *testing.T) []*sourceFile {
	t.Helper()
	var files []*sourceFile
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." {
			_, noModule := os.Stat(filepath.Join(path, "go.mod"))
			if noModule == nil || strings.HasPrefix(entry.Name(), ".") ||
				slices.Contains([]string{"examples", "bench", "testdata"}, entry.Name()) {
				return fs.SkipDir
			}
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		files = append(files, &sourceFile{path: path, room: filepath.ToSlash(filepath.Dir(path)), File: parsed})
		return err
	}))
	return files
}

// imports returns the import paths of a file.
func (f *sourceFile) imports(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	return paths
}

// literals calls yield with every string and character of the file that is no import.
func (f *sourceFile) literals(yield func(value string)) {
	ast.Inspect(f.File, func(node ast.Node) bool {
		if _, isImport := node.(*ast.ImportSpec); isImport {
			return false
		}
		literal, ok := node.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING && literal.Kind != token.CHAR {
			return true
		}
		if value, err := strconv.Unquote(literal.Value); err == nil {
			yield(value)
		}
		return true
	})
}

// TestImportsPointOneWay holds the rooms apart: each may import only what stands here (docs/architecture.md has the map). Tests may import
// what helps them, but what helps only tests is imported by tests alone.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	const module = "make-audit-mcp/"
	allowed := map[string][]string{
		".":                          {"internal/cli"},
		"makeapi":                    {},
		"internal/auditlog":          {},
		"internal/tz":                {},
		"internal/tz/pack":           {},
		"internal/makesim":           {},
		"internal/plaintext":         {},
		"internal/order":             {},
		"internal/auth":              {},
		"internal/telemetry":         {"internal/telemetry/metrics", "internal/telemetry/otlp"},
		"internal/telemetry/metrics": {},
		"internal/telemetry/otlp":    {},
		"internal/transport":         {"internal/auth", "internal/plaintext", "internal/telemetry"},
		"clients/conformance/server": {"internal/transport"},
		"docs/generate":              {"internal/cli", "internal/toolargs", "prompts", "resources", "tools"},
		"internal/question":          {"internal/auditlog", "internal/tz", "internal/order"},
		"internal/setup":             {},
		"resources/ui":               {},
		"internal/sigma":             {},
		"internal/redact":            {"internal/auditlog", "internal/order"},
		"internal/toolargs":          {"internal/auditlog", "internal/question"},
		"internal/display":           {"internal/auditlog", "internal/export"},
		"internal/detect":            {"internal/auditlog", "internal/sigma", "internal/order"},
		"internal/live":              {"internal/auditlog", "internal/tz", "makeapi", "internal/order"},
		"internal/archive":           {"internal/auditlog", "internal/order"},
		"internal/archive/sqlite":    {"internal/auditlog", "internal/archive"},
		"internal/archive/postgres":  {"internal/auditlog", "internal/archive"},
		"internal/export":            {"internal/auditlog", "internal/detect", "internal/order"},
		"internal/analysis":          {"internal/auditlog", "internal/order", "internal/question", "internal/redact", "internal/detect"},
		"schemas":                    {"internal/auditlog", "internal/question"},
		"schemas/describe":           {"internal/auditlog", "schemas"},
		"schemas/generate":           {"schemas", "schemas/describe"},
		"internal/answer": {"internal/auditlog", "internal/question", "internal/redact", "internal/detect", "internal/analysis",
			"schemas"},
		"tools":     {"internal/auditlog", "internal/question", "internal/analysis", "internal/answer", "schemas"},
		"resources": {"internal/auditlog", "internal/question", "internal/analysis", "internal/answer", "resources/ui"},
		"prompts": {"internal/auditlog", "internal/question", "internal/analysis", "internal/answer", "internal/report", "schemas", "tools",
			"resources"},
		"internal/markup": {},
		"internal/chart":  {"internal/markup"},
		"internal/report": {"internal/auditlog", "internal/order", "internal/question", "internal/analysis", "internal/answer",
			"internal/archive", "internal/chart", "internal/markup", "resources/ui", "schemas", "tools"},
		"internal/manual": {"internal/cli"},
		"internal/cli": {
			"internal/auditlog", "internal/question", "internal/detect", "internal/analysis", "internal/answer", "internal/live",
			"internal/makesim",
			"internal/archive", "internal/archive/postgres", "internal/archive/sqlite", "internal/auth", "internal/export",
			"internal/plaintext", "internal/telemetry",
			"internal/display", "internal/report", "internal/setup", "internal/toolargs", "internal/transport", "internal/tz",
			"makeapi", "prompts", "resources", "tools",
		},
	}
	forTests := []string{"internal/auditlog/logtest", "internal/audittest", "internal/audittest/mcptest", "internal/audittest/postgrestest",
		"internal/archive/storetest"}
	for _, file := range parseTree(t) {
		if file.isTest() || slices.Contains(forTests, file.room) {
			continue
		}
		assert.Contains(t, allowed, file.room, "a new room needs a place in the map")
		for _, path := range file.imports(t) {
			if other, ours := strings.CutPrefix(path, module); ours {
				assert.Contains(t, allowed[file.room], other, "%s must not import %s", file.path, other)
			}
		}
	}
}

// TestOnlyStoresKnowSQL keeps SQL, and the packages that run it, in the stores of the archive, and in what runs a server for their tests.
func TestOnlyStoresKnowSQL(t *testing.T) {
	t.Parallel()
	statement := regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA)\b`)
	stores := []string{"internal/archive/sqlite", "internal/archive/postgres", "internal/audittest/postgrestest"}
	for _, file := range parseTree(t) {
		if file.isTest() || slices.Contains(stores, file.room) {
			continue
		}
		for _, path := range file.imports(t) {
			assert.False(t, strings.HasPrefix(path, "database/sql") || strings.HasPrefix(path, "modernc.org/sqlite") ||
				strings.HasPrefix(path, "github.com/jackc/"), "%s imports %s: stores alone know SQL", file.path, path)
		}
		file.literals(func(value string) {
			assert.False(t, statement.MatchString(value), "%s has a statement of SQL: stores alone know it", file.path)
		})
	}
}

// TestOnlyAnswerAndWhatStandsOnItNamesTools keeps the names of tools out of the rooms that do not know MCP.
func TestOnlyAnswerAndWhatStandsOnItNamesTools(t *testing.T) {
	t.Parallel()
	var tools []string
	definitions, err := filepath.Glob("tools/testdata/*_*.json") // names of one word are words that anybody uses
	require.NoError(t, err)
	for _, path := range definitions {
		tools = append(tools, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	require.NotEmpty(t, tools)
	names := regexp.MustCompile(`\b(` + strings.Join(tools, "|") + `)\b`)
	knows := []string{"schemas", "internal/answer", "tools", "resources", "prompts", "internal/cli", "internal/makesim", "internal/report",
		"docs/generate", "internal/display"}
	for _, file := range parseTree(t) {
		if file.isTest() || slices.Contains(knows, file.room) {
			continue
		}
		file.literals(func(value string) {
			assert.Empty(t, names.FindString(value), "%s names a tool; such sentences stand in internal/answer/explain.go", file.path)
		})
	}
}

// TestOnlyEventTakesTheNameOfAnEventApart looks for what would do so: a function of package strings, or a part of a string, over something
// called event, and verbs written with the character before them.
func TestOnlyEventTakesTheNameOfAnEventApart(t *testing.T) {
	t.Parallel()
	cuts := regexp.MustCompile(`^(Has|Cut|Trim|Split|Fields|Index|LastIndex|Contains|Replace)`)
	suffix := regexp.MustCompile(`^_(created|updated|deleted|removed|added|enabled|disabled|used|authorized)$`)
	for _, file := range parseTree(t) {
		if file.isTest() || file.path == "internal/auditlog/event.go" ||
			slices.Contains([]string{"internal/makesim", "internal/auditlog/logtest"}, file.room) {
			continue
		}
		file.literals(func(value string) {
			assert.False(t, suffix.MatchString(value), "%s looks for %q in a name: ask auditlog.Event", file.path, value)
		})
		ast.Inspect(file.File, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				function, ok := node.Fun.(*ast.SelectorExpr)
				if ok && isNamed(function.X, "strings") && cuts.MatchString(function.Sel.Name) && len(node.Args) > 0 {
					assert.False(t, mentionsEvent(node.Args[0]), "%s takes the name of an event apart with strings.%s: ask auditlog.Event",
						file.path, function.Sel.Name)
				}
			case *ast.SliceExpr:
				assert.False(t, isEvent(node.X), "%s cuts the name of an event: ask auditlog.Event", file.path)
			}
			return true
		})
	}
}

func isNamed(node ast.Node, name string) bool {
	identifier, ok := node.(*ast.Ident)
	return ok && identifier.Name == name
}

// isEvent reports whether an expression is called event, as a variable or as a field.
func isEvent(node ast.Node) bool {
	if selector, ok := node.(*ast.SelectorExpr); ok {
		return slices.Contains([]string{"Event", "EventName"}, selector.Sel.Name)
	}
	return isNamed(node, "event") || isNamed(node, "eventName")
}

func mentionsEvent(node ast.Node) bool {
	found := false
	ast.Inspect(node, func(inner ast.Node) bool {
		found = found || inner != nil && isEvent(inner)
		return !found
	})
	return found
}

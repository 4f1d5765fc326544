package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheSchemasThatComeWithTheProgramAreThoseOfTheStructs(t *testing.T) {
	t.Parallel()
	const next = "run go generate ./schemas"
	want := files()
	paths, err := filepath.Glob("../generated/*")
	require.NoError(t, err)
	assert.Len(t, paths, len(want), next)
	for name, schema := range want {
		got, err := os.ReadFile(filepath.Join("../generated", name))
		require.NoError(t, err, next)
		assert.Equal(t, string(schema), string(got), next)
	}
}

// TestEveryStructOfArgumentsAndResultsHasASchema finds structs that nobody named here.
func TestEveryStructOfArgumentsAndResultsHasASchema(t *testing.T) {
	t.Parallel()
	named := files()
	declared := regexp.MustCompile(`(?m)^type ([A-Z]\w*(?:Arguments|Result)) struct`)
	paths, err := filepath.Glob("../*.go")
	require.NoError(t, err)
	found := 0
	for _, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, name := range declared.FindAllStringSubmatch(string(source), -1) {
			assert.Contains(t, named, name[1]+extension, "%s: name it in structs.go", path)
			found++
		}
	}
	assert.Len(t, named, found)
}

func TestWritingLeavesTheSchemasAndNothingElse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "Gone.json"), nil, 0o600))
	require.NoError(t, write(folder))
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, left, len(files()))
	assert.NoFileExists(t, filepath.Join(folder, "Gone.json"))
}

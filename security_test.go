package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecurityNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	var promises []byte
	for _, page := range []string{"SECURITY.md", "docs/security.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		promises = append(promises, text...)
	}
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
			there[name[1]] = true
		}
		return err
	}))
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(string(promises), -1)
	require.Greater(t, len(named), 20)
	for _, name := range named {
		assert.True(t, there[name[1]], "no such test: %s", name[1])
	}
}

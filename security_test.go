package main_test

import (
	"go/ast"
	"os"
	"regexp"
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
	for _, file := range parseTree(t) {
		if file.isTest() {
			for _, declared := range file.Decls {
				if function, is := declared.(*ast.FuncDecl); is {
					there[function.Name.Name] = true
				}
			}
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(string(promises), -1)
	require.Greater(t, len(named), 20)
	for _, name := range named {
		assert.True(t, there[name[1]], "no such test: %s", name[1])
	}
}

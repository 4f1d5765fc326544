package sigma_test

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

// record is a record of tests: fields by name.
type record map[string]any

func (r record) Field(name string) ([]sigma.Value, bool) {
	if name == "" {
		var texts []sigma.Value
		for _, field := range slices.Sorted(maps.Keys(r)) {
			texts = append(texts, sigma.Of(r[field])...)
		}
		return texts, true
	}
	held, exists := r[name]
	if !exists {
		return nil, false
	}
	return sigma.Of(held), true
}

// fields are those of the tests' records.
func fields() []string {
	return []string{"event", "verb", "object", "category", "actor.id", "actor.name", "team.id", "target", "hour", "lag", "details.*"}
}

func files(texts map[string]string) fs.FS {
	tree := fstest.MapFS{}
	for name, text := range texts {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

// load loads the documents of one file.
func load(t *testing.T, text string) *sigma.Set {
	t.Helper()
	set, err := sigma.Load(sigma.Options{Fields: fields()}, files(map[string]string{"rules.yml": text}))
	require.NoError(t, err)
	return set
}

// loadError returns what is wrong with one file.
func loadError(t *testing.T, text string) string {
	t.Helper()
	set, err := sigma.Load(sigma.Options{Fields: fields()}, files(map[string]string{"rules.yml": text}))
	require.Error(t, err)
	assert.Nil(t, set)
	return err.Error()
}

// ruleOf is a rule with a detection, which is indented as it is here.
func ruleOf(detection string) string {
	return "title: A rule\ndetection:\n" + indented(detection)
}

func indented(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = "    " + strings.ReplaceAll(line, "\t", "    ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// minute is a time of the tests' day.
func minute(n int) time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// occurred is a record with its time.
type occurred struct {
	at time.Time
	record
}

// evaluate returns the matches of a stream.
func evaluate(t *testing.T, set *sigma.Set, stream []occurred) []sigma.Match {
	t.Helper()
	var matches []sigma.Match
	evaluator := sigma.NewEvaluator(set, func(match sigma.Match) { matches = append(matches, match) })
	for _, one := range stream {
		require.NoError(t, evaluator.Add(one.at, one.record))
	}
	evaluator.Close()
	assert.Empty(t, evaluator.Dropped())
	return matches
}

// of returns the matches of the rule with a title.
func of(matches []sigma.Match, title string) []sigma.Match {
	return slices.DeleteFunc(slices.Clone(matches), func(match sigma.Match) bool { return match.Rule.Title != title })
}

func number(n int) string { return strconv.Itoa(n) }

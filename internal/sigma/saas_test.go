package sigma_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

// TestPublicRulesMatchWhatTheyShouldAndNothingElse goes through ten of SigmaHQ's rules for SaaS logs, told anew with fields as ours. Each
// says in its part tests what it must match, and what it must not; what one matches no other may.
func TestPublicRulesMatchWhatTheyShouldAndNothingElse(t *testing.T) {
	t.Parallel()
	set, err := sigma.Load(sigma.Options{Fields: fields()}, os.DirFS("testdata/saas"))
	require.NoError(t, err)
	require.Len(t, set.Rules, 10)
	for _, rule := range set.Rules {
		for _, example := range examples(t, rule, "match") {
			for _, other := range set.Rules {
				assert.Equal(t, other == rule, other.Matches(example), "%s: %v of %s", other.File, example, rule.File)
			}
		}
		for _, example := range examples(t, rule, "other") {
			assert.False(t, rule.Matches(example), "%s: %v", rule.File, example)
		}
	}
}

// examples returns the records of one sort that a rule's part tests has.
func examples(t *testing.T, rule *sigma.Rule, sort string) []record {
	t.Helper()
	written, ok := rule.Custom["tests"].(map[string]any)[sort].([]any)
	require.True(t, ok, rule.File)
	records := make([]record, len(written))
	for i, one := range written {
		records[i] = one.(map[string]any)
	}
	return records
}

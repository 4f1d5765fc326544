package answer_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/answer"
)

func TestClausesThatNameAToolThatIsNotServedAreLeftOut(t *testing.T) {
	t.Parallel()
	unserved := answer.NewUnserved([]string{"list_things", "get_thing"})
	for text, want := range map[string]string{
		"Counts things. list_things shows them.":             "Counts things.",
		"Counts things. list_things shows them. Masked.":     "Counts things. Masked.",
		"Costs a call; list_things finds ids. Masked.":       "Costs a call. Masked.",
		"Costs a call. Find ids with list_things; masked":    "Costs a call. masked",
		"list_things shows them. Counts things.":             "Counts things.",
		"no such thing; list_things has all":                 "no such thing",
		"no such thing; list_things has all\nnor another":    "no such thing\nnor another",
		"get_thing, then list_things.\nSecond":               "Second",
		"e.g. list_of_things and get_things stay; so":        "e.g. list_of_things and get_things stay; so",
		`no "a; list_things\" b. c"; accepted: an id`:        `no "a; list_things\" b. c"; accepted: an id`,
		`no "a\"; list_things b"; accepted: an id`:           `no "a\"; list_things b"; accepted: an id`,
		`no "a"; list_things has all. Next: say "get_thing"`: `no "a". Next: say "get_thing"`,
		`cut in "the middle; get_thing`:                      `cut in "the middle; get_thing`,
		"list_things shows all":                              "list_things shows all",
		"":                                                   "",
	} {
		assert.Equal(t, want, unserved.LeaveOut(text), text)
		assert.Equal(t, text, answer.Unserved{}.LeaveOut(text))
	}
	assert.True(t, unserved.Has("get_thing"))
	assert.False(t, unserved.Has("get_things"))
	assert.False(t, answer.Unserved{}.Has("get_thing"))
}

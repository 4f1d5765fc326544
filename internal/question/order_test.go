package question_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func TestSortTextOrdersAsPeopleDo(t *testing.T) {
	t.Parallel()
	text := func(name string, target auditlog.Text) [2]string {
		e := &auditlog.Entry{Actor: &auditlog.Actor{ID: "1", Name: auditlog.Text(name)}, TargetID: target}
		return [2]string{question.SortText(e, question.ByActor), question.SortText(e, question.ByTargetID)}
	}
	assert.Less(t, text("Žofie", "")[0], text("Zuzana", "")[0], "accents do not count")
	assert.Less(t, text("adam", "")[0], text("Bob", "")[0], "case does not count")
	assert.Less(t, text("", "9")[1], text("", "10")[1], "numbers by value")
	assert.Less(t, text("", "10")[1], text("", "abc")[1], "numbers before text")
	assert.Less(t, text("", "")[1], text("", "0")[1], "what is absent first")
	assert.Empty(t, question.SortText(&auditlog.Entry{}, question.ByCreatedAt))
	assert.LessOrEqual(t, len(question.SortText(&auditlog.Entry{Event: auditlog.Text(strings.Repeat("é", 5000))}, question.ByEventName)),
		200)
}

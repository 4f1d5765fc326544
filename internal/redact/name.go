package redact

import (
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// Name returns an object's name as it may be shown; empty where it is nothing to be seen, or where [Details] would mask it or a part of it
// as the name of such a kind.
func Name(kind, name auditlog.Text) auditlog.Text {
	words := wordsOf(string(kind) + "_name")
	j := &judge{}
	j.value(&detailsNode{raw: string(name), isText: true}, place{words: words, mode: judgeKeyIn(nil, words).mode})
	if len(j.paths) > 0 || strings.TrimSpace(name.Clean()) == "" {
		return ""
	}
	return name
}

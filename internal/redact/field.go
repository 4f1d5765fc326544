package redact

import (
	"encoding/json"

	"make-audit-mcp/internal/auditlog"
)

// Field is one field of an entry's details.
type Field struct {
	// Path leads to it, cleaned: keys joined with dots. No two fields of the same details have the same path.
	Path string
	// Raw is the value as Make gave it, for comparing only.
	Raw json.RawMessage
	// Shown is the value as it may be shown: cleaned, masked, bounded.
	Shown json.RawMessage
}

const (
	// maxFields bounds the fields of one entry's details.
	maxFields = 500
	// maxFieldChars is the most characters of a field's path or value.
	maxFieldChars = 400
)

// Fields are the fields of details, in their order: objects are entered, all else is one field. What [Details] would mask or leave out of
// the whole is masked or left out here. Details that are no JSON object have no fields.
func Fields(raw json.RawMessage, event auditlog.Text) []Field {
	root, _, err := readDetails(raw, event)
	if err != nil || root.open != "{" {
		return nil
	}
	var fields []Field
	used := map[string]bool{}
	var enter func(path string, node detailsNode)
	enter = func(path string, node detailsNode) {
		if node.open == "{" && len(node.members) > 0 {
			for _, member := range node.members {
				enter(joinPath(path, member.key), member.node)
			}
			return
		}
		if path == "" || len(fields) == maxFields {
			return
		}
		shown := unique(auditlog.Text(path).CleanTo(maxFieldChars), used) // keys may hold dots themselves
		fields = append(fields, Field{Path: shown, Raw: node.source, Shown: node.shown(maxFieldChars)})
	}
	enter("", root)
	return fields
}

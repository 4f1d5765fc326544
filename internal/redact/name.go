package redact

import (
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// Name returns an object's name as it may be shown; empty where it is nothing to be seen, or what [Details] would mask as the name of such
// a kind: a credential, or what is called tokenName.
func Name(kind, name auditlog.Text) auditlog.Text {
	last := kind[strings.LastIndexByte(string(kind), '_')+1:]
	if isTellingKey(plainKey(string(last+"Name"))) || (&detailsCleaner{}).isCredential(string(name)) || strings.TrimSpace(name.Clean()) == "" {
		return ""
	}
	return name
}

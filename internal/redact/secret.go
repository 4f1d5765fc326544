package redact

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"make-audit-mcp/internal/auditlog"
)

// credential matches, anywhere in a text, what is a credential whatever its key: authorization headers, PEM private keys, JSON web tokens,
// URLs with user and password or with a secret parameter.
var credential = regexp.MustCompile(`(?i:\bbearer\s+\S{6,})` + `|(?i:\bbasic\s+[a-z0-9+/_-]{6,}=*(?:\s|$))` +
	`|-----BEGIN [A-Z0-9 ]*PRIVATE KEY` +
	`|\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*` +
	`|(?i:\b[a-z][a-z0-9+.-]*://[^/?#\s:@]*:[^/?#\s@]+@)` +
	`|(?i:[?&](?:access_token|token|api_?key|client_secret|secret|password|signature)=[^&\s]+)`)

// isCredential reports whether a text is, or holds, a credential. A text that is JSON in itself is one if anything in it would be masked.
func (c *detailsCleaner) isCredential(s string) bool {
	// Cleaned, so that an escape sequence within does not hide it.
	clean := auditlog.Text(s).CleanTo(len(s))
	if credential.MatchString(clean) {
		return true
	}
	if trimmed := strings.TrimSpace(s); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		_, masked, err := Details(json.RawMessage(trimmed), c.event)
		return err == nil && len(masked) > 0
	}
	return false
}

// plainKey folds a key and drops what is neither letter nor digit, so that api_key, API-Key and apiKey are one.
func plainKey(key string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, auditlog.Fold(key))
}

// isTellingKey reports whether what stands under a plain key is secret.
func isTellingKey(plain string) bool {
	return slices.Contains([]string{"key", "pwd", "pass", "auth", "signature"}, plain) ||
		slices.ContainsFunc([]string{"password", "passwd", "passphrase", "secret", "token", "apikey", "authorization", "credential",
			"privatekey", "accesskey", "cookie", "sessionid", "bearer"}, func(word string) bool { return strings.Contains(plain, word) })
}

// isValueKey reports whether a plain key holds the value of something that is named elsewhere, or one side of its change.
func isValueKey(plain string) bool {
	return slices.Contains([]string{"value", "values", "oldvalue", "newvalue", "from", "to", "previous", "current", "old", "new", "before",
		"after"}, plain)
}

// isNameKey reports whether a plain key says what the values beside it are.
func isNameKey(plain string) bool {
	return slices.Contains([]string{"name", "key", "field", "header", "property", "path", "label"}, plain)
}

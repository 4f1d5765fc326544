package auth

import (
	"net/http"
	"strings"
)

// bearer returns the token of the Authorization header, empty if there is none or the header is of another scheme: that is no wrong token,
// but none (RFC 6750, section 3.1). ok is false if a token is there, but cannot be read.
func bearer(r *http.Request) (token string, ok bool) {
	if len(r.Header.Values("Authorization")) > 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	token = strings.Trim(token, " ")
	if strings.ContainsAny(token, " \t\r\n,") {
		return "", false
	}
	return token, true
}

// parameter is one of a challenge.
type parameter struct{ name, value string }

// challenge is a value for WWW-Authenticate, as RFC 6750, section 3, has it. Parameters without value are left out.
func challenge(parameters ...parameter) string {
	var parts []string
	for _, p := range parameters {
		if p.value != "" {
			parts = append(parts, p.name+`="`+quotable(p.value)+`"`)
		}
	}
	return strings.TrimSuffix("Bearer "+strings.Join(parts, ", "), " ")
}

// quotable keeps what may stand in a quoted string of a header.
func quotable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !isVisible(r) || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}

// isVisible reports whether a character is one of ASCII that prints (VCHAR of RFC 5234, appendix B.1): what tokens and keys consist of.
func isVisible(r rune) bool { return r > ' ' && r <= '~' }

// allVisible reports whether text consists of such characters only.
func allVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !isVisible(r) })
}

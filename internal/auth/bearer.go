package auth

import (
	"net/http"
	"strings"
)

// bearer returns the token of the Authorization header, empty if there is none or
// the header is of another scheme: that is no wrong token, but none (RFC 6750,
// section 3.1). ok is false if a token is there, but cannot be told.
func bearer(r *http.Request) (token string, ok bool) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", true
	case 1:
	default:
		return "", false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
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

// challenge is a value for WWW-Authenticate, as RFC 6750, section 3, has it.
// Parameters without value are left out.
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
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}

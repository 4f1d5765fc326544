package question

import (
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// NotLogged is what Make's audit log does not hold, in words. It goes by absence: the events that Make documents (help.make.com/audit-logs,
// March 2026) do not name these.
const NotLogged = "logins and sessions, IP addresses and locations, scenario runs, creation of API tokens, " +
	"invitation and removal of organization users, single sign-on"

// NotLoggedHint says that what someone asks for by name is not in the log at all; empty if nothing is known against it.
func NotLoggedHint(want string) string {
	telling := []string{
		"login", "logon", "logout", "logoff", "signin", "signout", "session", "ip", "geo", "location", "run", "execution",
		"executed", "invite", "invited", "invitation", "sso", "saml", "token", "password",
	}
	folded := strings.NewReplacer("log in", "login", "log on", "logon", "sign in",
		"signin").Replace(strings.Join(words(auditlog.Fold(want)), " "))
	for _, word := range words(folded) {
		if slices.Contains(telling, word) || slices.Contains(telling, strings.TrimSuffix(word, "s")) {
			return "Make's audit log does not hold " + NotLogged
		}
	}
	return ""
}

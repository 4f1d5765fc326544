package question

import (
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// subject is something that people ask a log for, and that Make's list of events did not have.
type subject struct {
	// called is what it is, in words.
	called string
	// words are those that name it, as commonWords has them.
	words []string
	// trace says what there may be of it nevertheless; empty for what leaves none.
	trace string
}

// notListed go by absence: help.make.com/audit-logs of 2026-03-04 does not name these. The page has grown since, so that nothing is said of
// what an organization's catalog has.
func notListed() []subject {
	return []subject{
		{"logins and sessions", []string{"login", "logon", "logout", "logoff", "signin", "signout", "session", "password"},
			"Make's list of people, for those who may read it, has when each last signed in"},
		{"IP addresses and locations", []string{"ip", "ips", "geo", "location"}, ""},
		{"scenario runs", []string{"run", "execution", "executed"}, ""},
		{"creation of API tokens", []string{"token"}, ""},
		{"invitation and removal of organization users", []string{"invite", "invited", "invitation", "guest"},
			"a credential request to somebody outside invites them as a Guest, so that credential_request_* is a trace of access from outside"},
		{"single sign-on", []string{"sso"}, ""},
		{"custom roles", []string{"customrole"}, ""},
		{"AI and on-prem agents", []string{"agent"}, ""},
		{"MCP toolboxes", []string{"toolbox", "toolboxe", "mcp"}, ""},
		{"custom apps", []string{"customapp"}, ""},
	}
}

// NotListed names, in words, what Make's list of events did not have on the day that it names.
func NotListed() (list, day string) {
	return strings.Join(mapAll(notListed(), func(s subject) string { return s.called }), ", "), "2026-03-04"
}

// NotListedHint says that what someone asks for by name was not on Make's list, and what may stand for it; empty if it was, or if the
// catalog has something of the sort now.
func NotListedHint(catalog *auditlog.Catalog, want string) string {
	asked := subjectOf(want)
	if asked.called == "" || len(asked.among(catalog.Events)) > 0 {
		return ""
	}
	_, day := NotListed()
	hint := "Make's list of " + day + " does not have " + asked.called + ", nor has the organization's catalog anything called so"
	if asked.trace != "" {
		hint += "; but " + asked.trace
	}
	return hint
}

// subjectOf returns what is asked for by name, of what was not on Make's list; a subject without a name if it is nothing of that.
func subjectOf(want string) subject {
	for _, s := range notListed() {
		if s.isIn(auditlog.Text(want)) {
			return s
		}
	}
	return subject{}
}

// isIn reports whether a name has one of the subject's words.
func (s subject) isIn(name auditlog.Text) bool {
	return slices.ContainsFunc(commonWords(name), func(word string) bool { return slices.Contains(s.words, word) })
}

// among returns the events that are about the subject.
func (s subject) among(events []auditlog.Event) []auditlog.Event {
	var found []auditlog.Event
	for _, event := range events {
		if s.isIn(namesOf(event)) {
			found = append(found, event)
		}
	}
	return found
}

// calledBySubject is the level at which an event fits that is about a subject which was not on Make's list: all that is asked for is among
// its words, where each word of the subject stands for the others (user_signin: "user logins").
func calledBySubject(want string) func(auditlog.Event) bool {
	about := subjectOf(want)
	others := slices.DeleteFunc(commonWords(auditlog.Text(want)), func(word string) bool {
		return slices.Contains(about.words, word)
	})
	return func(event auditlog.Event) bool {
		said := commonWords(namesOf(event))
		return about.isIn(namesOf(event)) && !slices.ContainsFunc(others, func(word string) bool { return !slices.Contains(said, word) })
	}
}

// namesOf returns all that an event is called.
func namesOf(event auditlog.Event) auditlog.Text {
	return event.Value + " " + event.Label + " " + event.Category
}

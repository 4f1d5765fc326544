package export

import (
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// act is what was done, as far as an event's verb says.
type act int

// The acts that the schemas know.
const (
	actUnknown act = iota
	actCreate
	actAdd
	actRead
	actUse
	actUpdate
	actDelete
	actRemove
	actMove
	actEnable
	actDisable
	actActivate
	actDeactivate
	actSuspend
	actResume
	actAuthorize
	actAssign
	actRevoke
	actLock
	actUnlock
	actReset
	actFail
)

// kind is what sort of thing an event is about, as far as its words say.
type kind int

// The kinds that the schemas know.
const (
	kindObject       kind = iota // a connection, a scenario, a webhook, …
	kindRecord                   // data in a data store
	kindTeam                     // a team itself
	kindOrganization             // the organization itself
	kindPolicy                   // a rule for everybody: two-factor enforcement, sign-on
	kindMembership               // who belongs to a team or organization
	kindRole                     // what somebody may do in a team or organization
	kindAccount                  // a user
	kindPassword                 // a user's password
	kindFactor                   // a user's second factor
)

// meaning is what an event's name says.
type meaning struct {
	act  act
	kind kind
	// subject is the name without its verb, in words: "data store".
	subject string
}

// vocabulary knows what the words in the names of events mean. Make documents the pattern <entity>_<past verb> by a handful of examples and
// a list of labels (https://help.make.com/audit-logs, March 2026) and may add to them: the names are read word by word, and words that are
// not known leave the meaning open.
type vocabulary struct {
	verbs map[string]act
	rules []rule
}

// rule recognizes a kind by words: one of each group must be there. With subject set, that must be the whole of the name but for the verb:
// team_variable_created is about no team.
type rule struct {
	kind    kind
	subject string
	words   [][]string
	// byCategory has the rule asked of Make's category too, if the name has nothing.
	byCategory bool
}

func newVocabulary() vocabulary {
	factors := []string{"factor", "2fa", "tfa", "mfa"}
	groups := []string{"team", "organization", "organisation", "group"}
	return vocabulary{
		verbs: verbs(),
		rules: []rule{
			{kind: kindPolicy, words: [][]string{factors, {"enforcement", "enforced", "policy", "required"}}, byCategory: true},
			{kind: kindPolicy, words: [][]string{{"sso", "saml"}}, byCategory: true},
			{kind: kindFactor, words: [][]string{factors}, byCategory: true},
			{kind: kindPassword, words: [][]string{{"password"}}},
			{kind: kindRole, words: [][]string{{"role", "permission", "privilege", "owner", "ownership", "admin"},
				append([]string{"user", "member"}, groups...)}},
			{kind: kindMembership, words: [][]string{{"member", "membership"}}},
			{kind: kindMembership, words: [][]string{{"user"}, groups}},
			{kind: kindAccount, subject: "user"},
			{kind: kindTeam, subject: "team"},
			{kind: kindOrganization, subject: "organization"},
			{kind: kindOrganization, subject: "organisation"},
			{kind: kindRecord, words: [][]string{{"record"}, {"store", "datastore"}}},
		},
	}
}

func verbs() map[string]act {
	return map[string]act{
		"created": actCreate, "inserted": actCreate,
		"added": actAdd, "joined": actAdd,
		"read": actRead, "viewed": actRead, "used": actUse,
		"updated": actUpdate, "changed": actUpdate, "edited": actUpdate, "modified": actUpdate,
		"deleted": actDelete,
		"removed": actRemove, "left": actRemove,
		"moved": actMove, "renamed": actMove,
		"enabled": actEnable, "disabled": actDisable,
		"activated": actActivate, "deactivated": actDeactivate,
		"suspended": actSuspend, "paused": actSuspend, "resumed": actResume,
		"authorized": actAuthorize, "authorised": actAuthorize, "reauthorized": actAuthorize, "reauthorised": actAuthorize,
		"assigned": actAssign, "granted": actAssign,
		"revoked": actRevoke, "unassigned": actRevoke,
		"locked": actLock, "unlocked": actUnlock,
		"reset":  actReset,
		"failed": actFail,
	}
}

// read returns what an event means; category is Make's over it, "" if that is not known.
func (v *vocabulary) read(event, category auditlog.Text) meaning {
	name := auditlog.Event{Value: event, Category: category}
	words := name.Words()
	if len(words) == 0 {
		return meaning{}
	}
	m := meaning{act: v.verbs[name.Verb()], subject: strings.ReplaceAll(string(name.Object()), "_", " ")}
	found := slices.IndexFunc(v.rules, func(r rule) bool { return r.fits(words, m.subject) })
	if found < 0 {
		words = name.CategoryWords()
		found = slices.IndexFunc(v.rules, func(r rule) bool { return r.byCategory && r.fits(words, "") })
	}
	if found >= 0 {
		m.kind = v.rules[found].kind
	}
	return m
}

func (r rule) fits(words []string, subject string) bool {
	if r.subject != "" {
		return r.subject == subject
	}
	for _, group := range r.words {
		if !slices.ContainsFunc(words, func(word string) bool {
			return slices.Contains(group, word) || slices.Contains(group, strings.TrimSuffix(word, "s"))
		}) {
			return false
		}
	}
	return true
}

// isDone says whether the log says that something was done; false if the name leaves open what.
func (m meaning) isDone() bool { return m.act != actUnknown && m.act != actFail }

// concernsUser says whether the target is a user.
func (m meaning) concernsUser() bool {
	return slices.Contains([]kind{kindMembership, kindRole, kindAccount, kindPassword, kindFactor}, m.kind)
}

// summary is an entry in one line for people; names are quoted and cleaned.
func summary(e *auditlog.Entry) string {
	var line strings.Builder
	if e.Event == "" {
		line.WriteString("an event without a name")
	}
	line.WriteString(e.Event.Clean() + " by ")
	switch {
	case e.Actor == nil:
		line.WriteString("the system")
	case e.Actor.Name == "" && e.Actor.ID == "":
		line.WriteString(named(e.Actor.Email, ""))
	default:
		line.WriteString(named(e.Actor.Name, e.Actor.ID))
	}
	if e.TargetID != "" {
		line.WriteString(", target " + e.TargetID.Quote())
	}
	if e.Team != nil {
		line.WriteString(", team " + named(e.Team.Name, e.Team.ID))
	}
	return line.String()
}

func named(name auditlog.Text, id auditlog.ID) string {
	switch {
	case name == "" && id == "":
		return "someone unnamed"
	case id == "":
		return name.Quote()
	case name == "":
		return "id " + auditlog.Text(id).Quote()
	}
	return name.Quote() + " (id " + auditlog.Text(id).Quote() + ")"
}

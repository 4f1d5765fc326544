package auditlog

import (
	"slices"
	"strings"
	"unicode"
)

// Event is one kind of event: its value in entries (webhook_created), the label that people see (Webhook created), and the category that
// Make's filters call puts over it (Webhooks). Label and category are empty where nobody says them. One value may stand under two
// categories of a catalog, as two Events.
//
// This is the one place that takes a value apart. Make documents the pattern entity_verb by a handful of examples
// (https://help.make.com/audit-logs, March 2026) and has events of other forms since (requested_connection_used, October 2026); values are
// Make's to change, so that words that are not known leave the meaning open.
type Event struct {
	Value    Text `json:"value"`
	Label    Text `json:"label,omitempty"`
	Category Text `json:"category,omitempty"`
}

// The verbs that the meaning of an entry rests on.
const (
	VerbCreated = "created"
	VerbUpdated = "updated"
	VerbDeleted = "deleted"
	VerbRemoved = "removed"
	VerbUsed    = "used"
)

// Verb returns what was done, in lower case: the last word of the value, or the last that is a verb where the value goes on behind it
// (connection_used_by_another_user: used).
func (e Event) Verb() string {
	_, verb := e.parts()
	return verb
}

// Object returns what sort of object it was done to, in lower case: webhook, data_store. It is the value without its verb, and without a
// word that only describes the object (requested_connection_used: connection).
func (e Event) Object() Text {
	object, _ := e.parts()
	return Text(object)
}

// KindUser is the kind of the people that a log is about.
const KindUser Text = "user"

// Target returns the sort of object that an id is of which an entry of the event has as its target: the event's own object, but of a
// record, which has no number, the data store that it lies in, and of a role or a membership, which have none either, the user.
func (e Event) Target(id Text) Text {
	object := e.Object()
	switch _, isNumber := ID(id).Integer(); {
	case isNumber && object == "data_store_record":
		return "data_store"
	case isNumber && e.ConcernsPeople():
		return KindUser
	}
	return object
}

// Creates reports whether an entry of the event says that its target, of this id, came into being, so that no older one is about it. Of a
// record's creation the target is the data store, and an id that people choose, unlike Make's numbers, may be given again.
func (e Event) Creates(id Text) bool {
	_, isNumber := ID(id).Integer()
	return isNumber && e.Verb() == VerbCreated && e.Target(id) == e.Object()
}

// ConcernsPeople reports whether the event is about a person, so that an entry's target is an id as actors have it.
func (e Event) ConcernsPeople() bool {
	return slices.ContainsFunc(strings.Split(string(e.Object()), "_"), func(word string) bool {
		return slices.Contains([]string{"user", "users", "member", "members", "role", "roles"}, word)
	})
}

// parts splits the value at its verb.
func (e Event) parts() (object, verb string) {
	words := e.Words()
	at := len(words) - 1
	switch {
	case at < 0:
		return strings.ToLower(string(e.Value)), ""
	case at == 0:
		return strings.ToLower(string(e.Value)), words[0]
	case !isKnownVerb(words[at]):
		for i := at - 1; i > 0; i-- {
			if isKnownVerb(words[i]) {
				at = i
				break
			}
		}
	}
	return strings.TrimPrefix(strings.Join(words[:at], "_"), "requested_"), words[at]
}

// isKnownVerb reports whether a word can be nothing but the verb of an event.
func isKnownVerb(word string) bool {
	switch word {
	case VerbCreated, VerbUpdated, VerbDeleted, VerbRemoved, "added", "changed", "activated", "deactivated", "enabled", "disabled",
		"authorized", "reauthorized", "invited", "assigned", "revoked", VerbUsed:
		return true
	}
	return false
}

// Words returns the words of the value, in lower case: what stands between whatever is neither letter nor digit.
func (e Event) Words() []string { return lowerWords(e.Value) }

// CategoryWords returns the words of the category, as Words does those of the value.
func (e Event) CategoryWords() []string { return lowerWords(e.Category) }

func lowerWords(text Text) []string {
	return strings.FieldsFunc(strings.ToLower(string(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// ConcernsVariables reports whether the event is about variables, whose values may be secret.
func (e Event) ConcernsVariables() bool { return strings.Contains(Fold(string(e.Value)), "variable") }

// Power is what an event touches of those things that give access, or take something away.
type Power int

// The powers, from the least weighty to the weightiest. PowerNone is for the events that touch none.
const (
	PowerNone Power = iota
	PowerWebhook
	PowerConnectionUpdate
	PowerOrganizationVariable
	PowerDeletion
	PowerConnection
	PowerCredential
	PowerKey
	PowerOrganization
	PowerRole
	PowerSignOn
)

// Touches returns the weightiest power that the event touches, by the words of its value, label and category.
func (e Event) Touches() Power {
	words := strings.FieldsFunc(Fold(string(e.Value)+" "+string(e.Category)+" "+string(e.Label)),
		func(r rune) bool { return strings.ContainsRune("_ -./", r) })
	has := func(wanted ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool {
			return slices.Contains(wanted, word) || slices.Contains(wanted, strings.TrimSuffix(word, "s"))
		})
	}
	verb := Fold(e.Verb())
	switch {
	case has("2fa", "tfa", "mfa", "factor", "sso", "saml"):
		return PowerSignOn
	case has("role", "member", "permission", "owner", "admin"):
		return PowerRole
	case has("organization", "organisation", "team") && !has("variable"):
		return PowerOrganization
	case has("key", "token", "certificate"):
		return PowerKey
	case has("credential"):
		return PowerCredential
	case has("connection") && verb != VerbUpdated:
		return PowerConnection
	case has("connection"):
		return PowerConnectionUpdate
	case verb == VerbDeleted || verb == VerbRemoved:
		return PowerDeletion
	case has("variable") && has("organization", "organisation"):
		return PowerOrganizationVariable
	case has("webhook") && verb == VerbCreated:
		return PowerWebhook
	}
	return PowerNone
}

// Administers reports whether the event is about who may do what in the organization, or about what is common to all of it: roles, members,
// teams, its settings and its variables.
func (e Event) Administers() bool {
	return e.Touches() >= PowerOrganization || e.ConcernsVariables() && slices.Contains(e.Words(), "organization")
}

// Stops reports whether the event switches something off that may be switched on again.
func (e Event) Stops() bool { return slices.Contains([]string{"deactivated", "disabled"}, e.Verb()) }

// IsWayIn reports whether the event is about a way into the organization from outside.
func (e Event) IsWayIn() bool {
	return slices.ContainsFunc(e.Words(), func(w string) bool { return w == "webhook" || w == "webhooks" })
}

// Catalog is what Make says can be asked for: its filters call. People and teams that are gone may be missing from it, events may lag
// behind the log.
type Catalog struct {
	Teams  []Ref
	Users  []Actor
	Events []Event
	// Recalled says that this is not what Make says now; nil if it is.
	Recalled *Recalled `json:"-"`
}

// Event returns what the catalog says of an event: of several categories the one with the fewest events, which says the most. Its category
// is empty where the catalog has none for it.
func (c *Catalog) Event(value Text) Event {
	found, fewest := Event{Value: value}, 0
	for _, event := range c.Events {
		if event.Value != value {
			continue
		}
		if size := c.sizeOf(event.Category); fewest == 0 || size < fewest {
			found, fewest = event, size
		}
	}
	return found
}

// sizeOf returns how many events a category has; no category is as large as all.
func (c *Catalog) sizeOf(category Text) int {
	size := 0
	for _, event := range c.Events {
		if category == "" || event.Category == category {
			size++
		}
	}
	return size
}

// Kind returns what kind of object an event is about: its category. For an event without one it is the category of those about the same
// object (webhook_paused: that of webhook_created), else the object itself.
func (c *Catalog) Kind(value Text) Text {
	event := c.Event(value)
	if event.Category != "" {
		return event.Category
	}
	object := event.Object()
	if i := slices.IndexFunc(c.Events, func(e Event) bool { return e.Category != "" && e.Object() == object }); i >= 0 {
		return c.Event(c.Events[i].Value).Category
	}
	return object
}

package export

import (
	"io"
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// ecsVersion is the release that documents keep to.
const ecsVersion = "8.11.0"

// ecsDocument is a document of the Elastic Common Schema. Fields below "make" are ours; what has no fixed form there is text, since
// Elasticsearch refuses a document in which a field changes its type. Source:
// https://www.elastic.co/guide/en/ecs/8.11/ecs-field-reference.html
type ecsDocument struct {
	Timestamp string `json:"@timestamp"`
	ECS       struct {
		Version string `json:"version"`
	} `json:"ecs"`
	Event        ecsEvent  `json:"event"`
	Message      string    `json:"message"`
	User         *ecsUser  `json:"user,omitempty"`
	Group        *ecsNamed `json:"group,omitempty"`
	Organization *ecsNamed `json:"organization,omitempty"`
	Related      struct {
		User []string `json:"user,omitempty"`
	} `json:"related,omitzero"`
	Agent ecsAgent `json:"agent"`
	Make  struct {
		Audit ecsMakeAudit `json:"audit"`
	} `json:"make"`
}

// ecsEvent is https://www.elastic.co/guide/en/ecs/8.11/ecs-event.html. Its created is when the event was first read into a pipeline, which
// is when Make wrote the entry.
type ecsEvent struct {
	Kind     string   `json:"kind"`
	Category []string `json:"category,omitempty"`
	Type     []string `json:"type,omitempty"`
	Action   string   `json:"action,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
	ID       string   `json:"id,omitempty"`
	Created  string   `json:"created,omitempty"`
	Module   string   `json:"module"`
	Dataset  string   `json:"dataset"`
	Provider string   `json:"provider"`
	Original string   `json:"original"`
}

// ecsUser is https://www.elastic.co/guide/en/ecs/8.11/ecs-user.html. Its name is the login, which at Make is the e-mail address.
type ecsUser struct {
	ID       string    `json:"id,omitempty"`
	Name     string    `json:"name,omitempty"`
	FullName string    `json:"full_name,omitempty"`
	Email    string    `json:"email,omitempty"`
	Group    *ecsNamed `json:"group,omitempty"`
	Target   *ecsUser  `json:"target,omitempty"`
}

type ecsNamed struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// ecsAgent is https://www.elastic.co/guide/en/ecs/8.11/ecs-agent.html: this program.
type ecsAgent struct {
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

type ecsMakeAudit struct {
	Zone     string     `json:"zone,omitempty"`
	Category string     `json:"category,omitempty"`
	Team     *ecsNamed  `json:"team,omitempty"`
	Target   ecsNamed   `json:"target,omitzero"`
	Version  *ecsChange `json:"version,omitempty"`
	Details  string     `json:"details,omitempty"` // JSON
}

type ecsChange struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// ecsWriter turns entries into ECS documents.
type ecsWriter struct {
	options    Options
	vocabulary vocabulary
	categories map[kind]ecsCategorization
}

func newECS(to io.Writer, options Options) func(*auditlog.Entry) error {
	w := &ecsWriter{options: options, vocabulary: newVocabulary(), categories: ecsCategorizations()}
	lines := auditlog.PlainEncoder(to)
	return func(e *auditlog.Entry) error { return lines.Encode(w.document(e)) }
}

func (w *ecsWriter) document(e *auditlog.Entry) *ecsDocument {
	organization := w.options.organizationOf(e)
	category := w.options.Category(e.Event)
	m := w.vocabulary.read(e.Event, category)
	document := &ecsDocument{
		Timestamp: instant(e.TriggeredAt),
		Event: ecsEvent{
			Kind: "event", Action: string(e.Event), Outcome: ecsOutcome(m), ID: e.UUID, Created: instant(e.CreatedAt),
			Module: "make", Dataset: "make.audit", Provider: "Make", Original: string(rawObject(e, organization)),
		},
		Message:      summary(e),
		User:         ecsUserOf(e, m),
		Organization: ecsNamedOf(&organization),
		Agent:        ecsAgent{Type: "make-audit-mcp", Version: w.options.ProductVersion},
	}
	document.ECS.Version = ecsVersion
	document.Make.Audit = w.audit(e, category)
	document.Event.Category, document.Event.Type = w.categorize(m)
	if m.kind == kindTeam {
		uid, name := sameOr(e.TargetID, e.Team)
		document.Group = ecsNamedOf(&auditlog.Ref{ID: auditlog.ID(uid), Name: auditlog.Text(name)})
	}
	document.Related.User = ecsRelatedUsers(document.User)
	return document
}

func (w *ecsWriter) audit(e *auditlog.Entry, category auditlog.Text) ecsMakeAudit {
	audit := ecsMakeAudit{
		Zone: w.options.Zone, Category: string(category), Team: ecsNamedOf(e.Team), Target: ecsNamed{ID: string(e.TargetID)},
		Details: string(valueOf(e.Details)),
	}
	if e.Version != nil {
		audit.Version = &ecsChange{string(e.Version.From), string(e.Version.To)}
	}
	return audit
}

// ecsUserOf is who acted, and where the event is about a user whom it concerns, as
// https://www.elastic.co/guide/en/ecs/8.11/ecs-user-usage.html has it; nil if nobody is named.
func ecsUserOf(e *auditlog.Entry, m meaning) *ecsUser {
	var user ecsUser
	if e.Actor != nil {
		user = ecsUser{ID: string(e.Actor.ID), Name: string(e.Actor.Email), FullName: string(e.Actor.Name), Email: string(e.Actor.Email)}
		if user.Name == "" {
			user.Name = user.FullName
		}
	}
	if m.concernsUser() && e.TargetID != "" && string(e.TargetID) != string(e.TeamID()) {
		user.Target = &ecsUser{ID: string(e.TargetID), Group: ecsNamedOf(e.Team)}
	}
	if user == (ecsUser{}) {
		return nil
	}
	return &user
}

// ecsRelatedUsers are all by which the users of a document can be searched.
func ecsRelatedUsers(user *ecsUser) []string {
	var related []string
	for ; user != nil; user = user.Target {
		for _, known := range []string{user.Name, user.FullName, user.Email, user.ID} {
			if known != "" && !slices.Contains(related, known) {
				related = append(related, known)
			}
		}
	}
	return related
}

func ecsNamedOf(ref *auditlog.Ref) *ecsNamed {
	if ref == nil || ref.ID == "" && ref.Name == "" {
		return nil
	}
	return &ecsNamed{ID: string(ref.ID), Name: string(ref.Name)}
}

// ecsOutcome is how it ended. An event that says what was done says that it was done; where it does not, the schema wants the field left
// out rather than "unknown". Source: https://www.elastic.co/guide/en/ecs/8.11/ecs-allowed-values-event-outcome.html
func ecsOutcome(m meaning) string {
	switch {
	case m.isDone():
		return "success"
	case m.act == actFail:
		return "failure"
	}
	return ""
}

// ecsCategorization is where a kind of event belongs.
type ecsCategorization struct {
	category []string
	// about are the types that say what was acted on; an event of the category iam has one, and one more for what was done to it.
	about []string
	// isChange has every act count as a change, but for reading.
	isChange bool
}

// ecsCategorizations returns each kind's. To gain or lose a role, a membership or a factor is a change of the user. The category database
// has no creation or deletion. Source: https://www.elastic.co/guide/en/ecs/8.11/ecs-allowed-values-event-category.html and
// https://www.elastic.co/guide/en/ecs/8.11/ecs-user-usage.html
func ecsCategorizations() map[kind]ecsCategorization {
	iam := []string{"iam"}
	user := ecsCategorization{category: iam, about: []string{"user"}, isChange: true}
	return map[kind]ecsCategorization{
		kindObject:       {category: []string{"configuration"}},
		kindRecord:       {category: []string{"database"}, isChange: true},
		kindTeam:         {category: iam, about: []string{"group"}},
		kindOrganization: {category: iam, about: []string{"admin"}},
		kindPolicy:       {category: []string{"iam", "configuration"}, about: []string{"admin"}, isChange: true},
		kindAccount:      {category: iam, about: []string{"user"}},
		kindMembership:   user,
		kindRole:         user,
		kindPassword:     user,
		kindFactor:       user,
	}
}

// categorize returns the values of event.category and event.type. An event that does not say what was done has none: the schema wants the
// fields empty where nothing fits.
func (w *ecsWriter) categorize(m meaning) (category, types []string) {
	if !m.isDone() {
		return nil, nil
	}
	c := w.categories[m.kind]
	did := "change"
	switch {
	case m.act == actRead || m.act == actUse:
		did = "info"
	case c.isChange:
	case m.act == actCreate || m.act == actAdd:
		did = "creation"
	case m.act == actDelete || m.act == actRemove:
		did = "deletion"
	}
	return c.category, append(slices.Clone(c.about), did)
}

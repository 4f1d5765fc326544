package export

import (
	"encoding/json"
	"io"

	"make-audit-mcp/internal/auditlog"
)

// ocsfVersion is the release that the events keep to: the newest one whose definitions could be read whole when this was written, see
// testdata/ocsf-required.json. In 1.9.0 two of the classes used here are deprecated in favour of User Management (3007), which older
// readers do not know.
const ocsfVersion = "1.7.0"

// ocsfOther stands in every enum for a value that the schema does not have.
const ocsfOther = 99

// ocsfBase is what events of all classes have: https://schema.ocsf.io/1.7.0/base_event, with the profile "cloud".
type ocsfBase struct {
	ActivityID   int          `json:"activity_id"`
	ActivityName string       `json:"activity_name"`
	CategoryUID  int          `json:"category_uid"`
	CategoryName string       `json:"category_name"`
	ClassUID     int          `json:"class_uid"`
	ClassName    string       `json:"class_name"`
	TypeUID      int          `json:"type_uid"`
	TypeName     string       `json:"type_name"`
	Time         int64        `json:"time"` // milliseconds since 1970 in UTC
	SeverityID   int          `json:"severity_id"`
	Severity     string       `json:"severity"`
	StatusID     int          `json:"status_id"`
	Status       string       `json:"status"`
	Message      string       `json:"message"`
	Metadata     ocsfMetadata `json:"metadata"`
	Cloud        ocsfCloud    `json:"cloud"`
}

// ocsfEvent is an event of the Identity & Access Management category, with the attributes of those of its classes that are used, in the
// order of their page. Source: https://schema.ocsf.io/1.7.0/categories/iam
type ocsfEvent struct {
	ocsfBase
	Actor      ocsfActor    `json:"actor"`
	Entity     *ocsfEntity  `json:"entity,omitempty"`
	Group      *ocsfNamed   `json:"group,omitempty"`
	Privileges []string     `json:"privileges,omitempty"`
	User       *ocsfUser    `json:"user,omitempty"`
	RawData    string       `json:"raw_data"`
	Unmapped   ocsfUnmapped `json:"unmapped,omitzero"`
}

// ocsfMetadata is https://schema.ocsf.io/1.7.0/objects/metadata. Its uid is meant to be the OCSF event's own and original_event_uid that of
// the source: one entry is one event, so they are the same here, and an entry that was exported twice can be recognized.
type ocsfMetadata struct {
	UID              string       `json:"uid,omitempty"`
	OriginalEventUID string       `json:"original_event_uid,omitempty"`
	EventCode        string       `json:"event_code,omitempty"`
	Version          string       `json:"version"`
	Profiles         []string     `json:"profiles"`
	Product          ocsfProduct  `json:"product"`
	Loggers          []ocsfLogger `json:"loggers"`
	LogName          string       `json:"log_name"`
	LoggedTime       int64        `json:"logged_time,omitempty"`
	OriginalTime     string       `json:"original_time"`
	TenantUID        string       `json:"tenant_uid,omitempty"`
}

// ocsfProduct is https://schema.ocsf.io/1.7.0/objects/product.
type ocsfProduct struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
	Version    string `json:"version,omitempty"`
}

// ocsfLogger is https://schema.ocsf.io/1.7.0/objects/logger.
type ocsfLogger struct {
	Name    string      `json:"name"`
	Product ocsfProduct `json:"product"`
}

// ocsfCloud is https://schema.ocsf.io/1.7.0/objects/cloud, which the profile "cloud" adds to every class: the one place where the schema
// has an event's organization, and its divisions.
type ocsfCloud struct {
	Provider string   `json:"provider"`
	Region   string   `json:"region,omitempty"`
	Org      *ocsfOrg `json:"org,omitempty"`
}

// ocsfOrg is https://schema.ocsf.io/1.7.0/objects/organization; a team is an organizational unit of it.
type ocsfOrg struct {
	UID    string `json:"uid,omitempty"`
	Name   string `json:"name,omitempty"`
	OUUID  string `json:"ou_uid,omitempty"`
	OUName string `json:"ou_name,omitempty"`
}

// ocsfActor is https://schema.ocsf.io/1.7.0/objects/actor: a user, or for what the system did the application.
type ocsfActor struct {
	User    *ocsfUser `json:"user,omitempty"`
	AppName string    `json:"app_name,omitempty"`
}

// ocsfUser is https://schema.ocsf.io/1.7.0/objects/user. Make does not say whether it is a person's or a service account, so its type is
// unknown.
type ocsfUser struct {
	UID       string `json:"uid,omitempty"`
	Name      string `json:"name,omitempty"`
	EmailAddr string `json:"email_addr,omitempty"`
	TypeID    int    `json:"type_id"`
	Type      string `json:"type"`
}

// ocsfNamed is what has an id and a name: https://schema.ocsf.io/1.7.0/objects/group, https://schema.ocsf.io/1.7.0/objects/policy.
type ocsfNamed struct {
	UID  string `json:"uid,omitempty"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
}

// ocsfEntity is https://schema.ocsf.io/1.7.0/objects/managed_entity.
type ocsfEntity struct {
	UID     string     `json:"uid,omitempty"`
	Name    string     `json:"name,omitempty"`
	TypeID  int        `json:"type_id"`
	Type    string     `json:"type"`
	Version string     `json:"version,omitempty"`
	Group   *ocsfNamed `json:"group,omitempty"`
	Org     *ocsfOrg   `json:"org,omitempty"`
	Policy  *ocsfNamed `json:"policy,omitempty"`
}

// ocsfUnmapped holds what the schema has no place for, under Make's names.
type ocsfUnmapped struct {
	Category string          `json:"category,omitempty"`
	TargetID string          `json:"targetId,omitempty"`
	Version  json.RawMessage `json:"version,omitempty"`
	Details  json.RawMessage `json:"details,omitempty"`
	Extra    json.RawMessage `json:"extra,omitempty"`
}

// ocsfWriter turns entries into OCSF events.
type ocsfWriter struct {
	options    Options
	vocabulary vocabulary
	classes    map[kind]ocsfClass
}

func newOCSF(to io.Writer, options Options) func(*auditlog.Entry) error {
	w := &ocsfWriter{options: options, vocabulary: newVocabulary(), classes: ocsfClasses()}
	lines := auditlog.PlainEncoder(to)
	return func(e *auditlog.Entry) error { return lines.Encode(w.event(e)) }
}

func (w *ocsfWriter) event(e *auditlog.Entry) *ocsfEvent {
	organization := w.options.organizationOf(e)
	category := w.options.Category(e.Event)
	m := w.vocabulary.read(e.Event, category)
	class := w.classes[m.kind]
	activity := class.activity(e.Event, m.act)
	event := &ocsfEvent{
		ocsfBase: ocsfBase{
			ActivityID: activity.id, ActivityName: activity.name,
			CategoryUID: 3, CategoryName: "Identity & Access Management",
			ClassUID: class.uid, ClassName: class.name,
			TypeUID: class.uid*100 + activity.id, TypeName: class.name + ": " + activity.caption(),
			Time:       e.TriggeredAt.UnixMilli(),
			SeverityID: 1, Severity: "Informational", // the log does not judge
			Message:  summary(e),
			Metadata: w.metadata(e, organization),
			Cloud:    w.cloud(organization, e.Team),
		},
		Actor:    ocsfActorOf(e.Actor),
		RawData:  string(rawObject(e, organization)),
		Unmapped: ocsfUnmappedOf(e, category),
	}
	event.StatusID, event.Status = ocsfStatus(m)
	class.fill(event, e, m, organization)
	return event
}

func (w *ocsfWriter) metadata(e *auditlog.Entry, organization auditlog.Ref) ocsfMetadata {
	const program = "make-audit-mcp"
	metadata := ocsfMetadata{
		UID: e.UUID, OriginalEventUID: e.UUID, EventCode: string(e.Event), Version: ocsfVersion, Profiles: []string{"cloud"},
		Product: ocsfProduct{Name: "Make", VendorName: "Make"},
		Loggers: []ocsfLogger{{Name: program, Product: ocsfProduct{Name: program, VendorName: program, Version: w.options.ProductVersion}}},
		LogName: "audit log", OriginalTime: originalTime(e), TenantUID: string(organization.ID),
	}
	if !e.CreatedAt.IsZero() {
		metadata.LoggedTime = e.CreatedAt.UnixMilli()
	}
	return metadata
}

func (w *ocsfWriter) cloud(organization auditlog.Ref, team *auditlog.Ref) ocsfCloud {
	org := ocsfOrg{UID: string(organization.ID), Name: string(organization.Name)}
	if team != nil {
		org.OUUID, org.OUName = string(team.ID), string(team.Name)
	}
	cloud := ocsfCloud{Provider: "Make", Region: w.options.Zone}
	// The schema wants one of its id and name.
	if org.UID != "" || org.Name != "" {
		cloud.Org = &org
	}
	return cloud
}

func ocsfActorOf(actor *auditlog.Actor) ocsfActor {
	if actor == nil {
		return ocsfActor{AppName: "Make"}
	}
	user := newOCSFUser(string(actor.ID), string(actor.Name))
	if actor.ID == "" && actor.Name == "" && actor.Email != "" {
		user.Name = string(actor.Email)
	}
	user.EmailAddr = string(actor.Email)
	return ocsfActor{User: user}
}

// newOCSFUser is a user by what is known of one.
func newOCSFUser(uid, name string) *ocsfUser {
	return &ocsfUser{UID: uid, Name: nameOr(uid, name), Type: "Unknown"}
}

// nameOr is the name, and a stand-in where the schema wants one of id and name but there is neither.
func nameOr(uid, name string) string {
	if uid == "" && name == "" {
		return "unknown"
	}
	return name
}

func ocsfUnmappedOf(e *auditlog.Entry, category auditlog.Text) ocsfUnmapped {
	unmapped := ocsfUnmapped{
		Category: string(category), TargetID: string(e.TargetID), Version: versionValue(e.Version), Details: valueOf(e.Details),
	}
	if len(e.Extra) > 0 {
		unmapped.Extra = sorted(e.Extra).json()
	}
	return unmapped
}

// ocsfStatus is how it ended: an event that says what was done says that it was done.
func ocsfStatus(m meaning) (id int, name string) {
	switch {
	case m.isDone():
		return 1, "Success"
	case m.act == actFail:
		return 2, "Failure"
	}
	return 0, "Unknown"
}

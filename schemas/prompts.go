package schemas

// Scope holds the arguments that all prompts have. A client shows them as fields of a form, so that all are text.
type Scope struct {
	From           string `json:"from,omitempty" jsonschema:"maxLength=60" jsonschema_description:"Start: 7d, yesterday, 2026-10, 2026-10-03T14:00 ..."`
	To             string `json:"to,omitempty" jsonschema:"maxLength=60" jsonschema_description:"End, same forms; now if left out."`
	Period         string `json:"period,omitempty" jsonschema:"maxLength=60" jsonschema_description:"The whole of one, in place of from and to: last month, 2026-10, 2026-Q3, 2026-10-03 ..."`
	Timezone       string `json:"timezone,omitempty" jsonschema:"maxLength=60" jsonschema_description:"IANA zone in which days and hours are meant."`
	OrganizationID int64  `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Organization id; needed only if several are visible and no default is set."`
}

// AccessReviewArguments choose whose access is reviewed.
type AccessReviewArguments struct {
	Scope
	Team string `json:"team,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One team only, by name or id."`
}

// IncidentTimelineArguments narrow an incident.
type IncidentTimelineArguments struct {
	Scope
	Actor    string `json:"actor,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One person only."`
	Team     string `json:"team,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One team only."`
	Event    string `json:"event,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One event, category or glob such as *_deleted only."`
	TargetID string `json:"target_id,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One object only, by its id."`
}

// OffboardingReviewArguments name who leaves.
type OffboardingReviewArguments struct {
	Actor string `json:"actor" jsonschema:"minLength=1,maxLength=200" jsonschema_description:"Who leaves or has left: name, e-mail address or id."`
	Scope
}

// ReportArguments choose what a report is about.
type ReportArguments struct {
	Scope
	Team string `json:"team,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One team only, by name or id."`
	Kind string `json:"kind,omitempty" jsonschema:"enum=full,enum=access-review,enum=changes,enum=incident" jsonschema_description:"full (the default), access-review, changes or incident."`
}

// SecurityReviewArguments choose what is reviewed.
type SecurityReviewArguments struct {
	Scope
	Team string `json:"team,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One team only, by name or id."`
}

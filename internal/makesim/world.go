package makesim

import "time"

// World is what Make knows: plain data that a test writes down or [Demo] makes.
type World struct {
	// LoadZone finds the rules of a time zone by its IANA name; nil means time.LoadLocation.
	LoadZone func(name string) (*time.Location, error) `json:"-"`
	// Zone is the zone that the server answers for; organizations of other zones are listed but not found. Empty: the zone of the first
	// organization.
	Zone              string
	Users             []User
	Organizations     []Organization
	Tokens            []Token
	OrganizationRoles []OrganizationRole
	TeamRoles         []TeamRole
	// CustomRoles are those that organizations made for themselves.
	CustomRoles []CustomRole
	// Events is the tree of event types that the filters calls return. Nil: [DocumentedEvents].
	Events  []EventCategory
	Entries []Entry
}

// User is a person or a service account. A user belongs to an organization by an [OrganizationRole]; one without has left, and is missing
// from the filters.
type User struct {
	ID       int64
	Name     string
	Email    string
	Timezone string
	// LastLogin is when the user last signed in; zero: Make sends null.
	LastLogin time.Time
	// WithoutTwoFactor switches off what everybody has else: two-factor authentication.
	WithoutTwoFactor bool
}

// Organization is a customer of Make.
type Organization struct {
	ID       int64
	Name     string
	Zone     string
	Timezone string
	// APILimit is the number of requests a minute; 0: absent in the license, and not limited here.
	APILimit int
	// AuditLogsDays is how long entries are kept; 0: a plan without audit logs.
	AuditLogsDays int
	// HasCustomRoles says that the license has custom roles.
	HasCustomRoles bool
	Teams          []Team
	// FormerTeams were deleted: they name entries, but nothing else knows them.
	FormerTeams []Team
}

// Team is a team of an organization.
type Team struct {
	ID   int64
	Name string
}

// Token is an API credential of a user.
type Token struct {
	Secret string
	UserID int64
	// Scopes that the token carries; nil: [DefaultScopes].
	Scopes []string
}

// The roles that this simulation knows, by Make's ids.
const (
	RoleTeamAdmin              int64 = 1
	RoleTeamMember             int64 = 3
	RoleTeamMonitoring         int64 = 4
	RoleTeamOperator           int64 = 6
	RoleOrganizationOwner      int64 = 11
	RoleOrganizationAdmin      int64 = 12
	RoleOrganizationMember     int64 = 13
	RoleOrganizationAccountant int64 = 14
)

// OrganizationRole makes a user a member of an organization.
type OrganizationRole struct {
	UserID         int64
	OrganizationID int64
	RoleID         int64
}

// TeamRole makes a user a member of a team.
type TeamRole struct {
	UserID int64
	TeamID int64
	RoleID int64
}

// CustomRole is a role that an organization made for itself. It is listed only where the license has custom roles.
type CustomRole struct {
	ID             int64
	OrganizationID int64
	Name           string
	// OfTeams says that it is held in teams, and not in the organization.
	OfTeams bool
	// Permissions are names of permissions, such as [ReadsAuditLogs].
	Permissions []string
}

// ReadsAuditLogs is the permission to read audit logs. Its name is a guess, after those of other permissions: no source has it.
const ReadsAuditLogs = "audit logs view"

// EventCategory is one branch of the filters' tree of events.
type EventCategory struct {
	Header string      `json:"header"`
	Items  []EventType `json:"items"`
}

// EventType is one kind of event.
type EventType struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Entry is one entry of the audit log.
type Entry struct {
	// UUID identifies the entry; where empty, the server makes one up.
	UUID string
	// CreatedAt is when Make wrote the entry down; zero: when it was triggered.
	CreatedAt time.Time
	// TriggeredAt is when the action happened. Times are kept in milliseconds.
	TriggeredAt    time.Time
	OrganizationID int64
	Event          string
	// TeamID is 0 for an entry of the whole organization.
	TeamID int64
	// Actor is nil for what the system did.
	Actor                  *Actor
	TargetID               string
	VersionFrom, VersionTo string
	// Details is shown by the detail calls only.
	Details map[string]any
}

// Actor is who did something, as the entry remembers it.
type Actor struct {
	ID    int64
	Name  string
	Email string
}

// DefaultScopes are what a token needs for every call that is simulated.
func DefaultScopes() []string {
	return []string{scopeOrganizations, scopeTeams, scopeUser}
}

// zone finds the rules of a time zone.
func (w *World) zone(name string) (*time.Location, error) {
	if w.LoadZone == nil {
		return time.LoadLocation(name) //nolint:forbidigo // what newer rules there are is for the caller to pass in
	}
	return w.LoadZone(name)
}

package auditlog

import (
	"context"
	"time"
)

// Directory is what can be known around the log: who asks, which organizations
// and teams there are, what can be asked for, and single entries with details.
type Directory interface {
	// Account tells whose credential this is.
	Account(ctx context.Context) (Account, error)
	// Organizations lists the organizations that the account belongs to, those
	// of other zones included.
	Organizations(ctx context.Context) ([]Organization, error)
	// Access tells what may be read of an organization's log. A log that may
	// not be read at all is an Access with a Reason, not an error.
	Access(ctx context.Context, organization ID) (*Access, error)
	// Catalog tells what an organization's log can be asked for.
	Catalog(ctx context.Context, organization ID) (*Catalog, error)
	// TeamCatalog tells the same of one team.
	TeamCatalog(ctx context.Context, organization, team ID) (*Catalog, error)
	// TeamOrganization tells which organization a team belongs to.
	TeamOrganization(ctx context.Context, team ID) (ID, error)
	// Detail returns an entry with details, or a NotFoundError.
	Detail(ctx context.Context, organization ID, uuid string) (*Entry, error)
	// SeenActors are the actors of entries read so far: people who left may be
	// in no catalog.
	SeenActors(organization ID) []Actor
	// SeenEvents are the events of entries read so far: the catalog may lack some.
	SeenEvents(organization ID) []Text
	// SeenEntries are uuids of entries read lately, newest first, at most limit.
	SeenEntries(organization ID, limit int) []string
	// UserTimezone tells in which IANA zone a user lives; empty if nobody tells.
	UserTimezone(ctx context.Context, organization, user ID) string
	// Now is the log's clock.
	Now() time.Time
	// AsOf is the instant as of which what was read lately can be asked again
	// without reading anew; zero if nothing is kept.
	AsOf(organization ID) time.Time
}

// Account is whose credential is in use.
type Account struct {
	User     Actor
	Timezone string // IANA name; empty if not known
}

// Organization is an organization that the account belongs to.
type Organization struct {
	Ref
	// Zone is the host that serves the organization.
	Zone Text
	// Here tells that it is served by the instance that is asked.
	Here bool
	// Role is the account's role, in words; empty if not known.
	Role Text
}

// Access is what may be read of an organization's log.
type Access struct {
	// Organization tells that the organization's own list may be read.
	Organization bool
	// Teams are the organization's teams, as far as they can be known.
	Teams []TeamAccess
	// Reason says why something may not be read, and what would help.
	Reason string
	// APILimit is the limit of API requests per minute; 0 if not known.
	APILimit int
	// RetentionDays is how many days of log Make keeps.
	RetentionDays int
	// Oldest is when the oldest entry was triggered that may be read; zero
	// if there is none.
	Oldest time.Time
}

// TeamAccess is a team and whether its log may be read.
type TeamAccess struct {
	Ref
	Role     Text
	Readable bool
}

// Readable tells whether anything may be read.
func (a *Access) Readable() bool { return a.Organization || len(a.ReadableTeams()) > 0 }

// ReadableTeams are the teams whose log may be read.
func (a *Access) ReadableTeams() []Ref {
	var teams []Ref
	for _, team := range a.Teams {
		if team.Readable {
			teams = append(teams, team.Ref)
		}
	}
	return teams
}

// NotFoundError says that there is no such entry, or none that may be seen.
type NotFoundError struct{ UUID string }

func (e *NotFoundError) Error() string {
	return "no entry " + Text(e.UUID).Quote() + " can be seen"
}

// NextStep says what to do.
func (e *NotFoundError) NextStep() string {
	return "take uuids from list_audit_logs, and check the organization; Make keeps entries for 12 months"
}

package auditlog

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	// Detail returns an entry with details, or a NotFoundError; with a DetailsError it
	// returns the entry as well, without them.
	Detail(ctx context.Context, organization ID, uuid string) (*Entry, error)
	// ObservedActors are the actors of entries read so far: people who left may be
	// in no catalog.
	ObservedActors(ctx context.Context, organization ID) []Actor
	// ObservedEvents are the events of entries read so far: the catalog may lack some.
	ObservedEvents(ctx context.Context, organization ID) []Text
	// ObservedEntries are uuids of entries read lately, newest first, at most limit.
	ObservedEntries(organization ID, limit int) []string
	// UserTimezone tells in which IANA zone a user lives; empty if nobody tells.
	UserTimezone(ctx context.Context, organization, user ID) string
	// Now is the log's clock.
	Now() time.Time
	// AsOf is the instant as of which what was read lately can be asked again
	// without reading anew; zero if nothing is kept.
	AsOf(ctx context.Context, organization ID) time.Time
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
	// Archive is what a durable copy holds of the log; nil if there is none that may
	// be read with the credential.
	Archive *ArchiveSpan
	// Recalled tells that this is not what Make says now; nil if it is.
	Recalled *Recalled `json:"-"`
}

// Recalled tells that Make could not be asked, and that what comes instead was known
// at the last sync of a durable copy. It is an error where that does not suffice.
type Recalled struct {
	Organization ID
	AsOf         time.Time
	// Reason is why Make could not be asked.
	Reason error
}

// Error says what that means for an answer.
func (r *Recalled) Error() string {
	return fmt.Sprintf("what is known of organization %s is from the archive's last sync, %s, since Make cannot be asked now (%s)",
		Text(r.Organization).Clean(), r.AsOf.UTC().Format(time.RFC3339), Text(r.Reason.Error()).Clean())
}

// ArchiveSpan is what a durable copy of a log holds.
type ArchiveSpan struct {
	// From is where it begins to vouch for the log.
	From time.Time
	// FirstAt and LastAt are when the oldest and the newest entry was triggered; zero
	// if there is none.
	FirstAt, LastAt time.Time
	Entries         int
	// AsOf is when it was last filled up.
	AsOf time.Time
}

// ArchiveKeeper is a Directory that has a durable copy of logs.
type ArchiveKeeper interface {
	// ArchiveStatus tells what the copy holds of the logs that may be read.
	ArchiveStatus(ctx context.Context) (*ArchiveStatus, error)
}

// ArchiveStatus is what a durable copy holds, and what was last signed of it.
type ArchiveStatus struct {
	Logs []ArchiveLog
	// Checkpoint is the last signed one; empty if there is none. It is about the whole
	// copy, whoever asks: a number of records and a hash.
	Checkpoint   string
	CheckpointAt time.Time
}

// ArchiveLog is what a durable copy holds of one log.
type ArchiveLog struct {
	Organization Ref
	Span         ArchiveSpan
	Gaps         []Gap
	// Unreadable counts records of Make's that could not be read; Doubts say why
	// entries may be missing elsewhere.
	Unreadable int
	Doubts     []string
}

// TeamAccess is a team and whether its log may be read.
type TeamAccess struct {
	Ref
	Role     Text
	Readable bool
}

// Readable tells whether anything may be read.
func (a *Access) Readable() bool { return a.Organization || len(a.ReadableTeams()) > 0 }

// TeamsFor are the teams whose logs answer a query, where the organization's own log may
// not be read; warnings say what is not seen. If none of those that are asked about may
// be read, the error is an [AccessError].
func (a *Access) TeamsFor(q *Query) (teams []Ref, warnings []string, err error) {
	readable := a.ReadableTeams()
	isAmong := func(id ID, among []Ref) bool {
		return slices.ContainsFunc(among, func(r Ref) bool { return r.ID == id })
	}
	var hidden []string
	for _, team := range q.Teams {
		if !isAmong(team.ID, readable) {
			hidden = append(hidden, fmt.Sprintf("%s %s", team.ID, team.Name.Quote()))
		}
	}
	for _, team := range readable {
		if len(q.Teams) == 0 || isAmong(team.ID, q.Teams) {
			teams = append(teams, team)
		}
	}
	if len(teams) == 0 {
		reason := a.Reason
		if len(hidden) > 0 {
			reason = "this key may not read the log of team " + strings.Join(hidden, ", ") + "; " + reason
		}
		return nil, nil, &AccessError{Organization: q.Organization, Reason: reason}
	}
	warnings = append(warnings, fmt.Sprintf("this key may read the logs of %d team(s) only, not the organization's: entries of other teams and of the organization itself are not seen", len(teams)))
	if len(hidden) > 0 {
		warnings = append(warnings, "not readable with this key: team "+strings.Join(hidden, ", "))
	}
	if q.NoTeam {
		warnings = append(warnings, "organization-level entries (team none) are in the organization's log only, which this key may not read")
	}
	return teams, warnings, nil
}

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

// DetailsError says that an entry's details could not be read, though the entry was.
type DetailsError struct {
	// Reason is why; it is none of the entry's own, so that it is not unwrapped.
	Reason error
}

func (e *DetailsError) Error() string { return "without details: " + e.Reason.Error() }

// NotFoundError says that there is no such entry, or none that may be seen.
type NotFoundError struct{ UUID string }

func (e *NotFoundError) Error() string {
	return "no entry " + Text(e.UUID).Quote() + " can be seen"
}

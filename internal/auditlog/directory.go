package auditlog

import (
	"context"
	"fmt"
	"time"
)

// Directory is what can be known around the log. Whoever needs a part of it asks for that part.
type Directory interface {
	Accounts
	Catalogs
	People
	Details
	Freshness
}

// Accounts is who asks, and what they may read.
type Accounts interface {
	// Account returns whose credential this is.
	Account(ctx context.Context) (Account, error)
	// Organizations lists the organizations that the account belongs to, those of other zones included.
	Organizations(ctx context.Context) ([]Organization, error)
	// Access returns what may be read of an organization's log. A log that may not be read at all is an Access with a Reason, not an error.
	Access(ctx context.Context, organization ID) (*Access, error)
}

// Catalogs is what a log can be asked for.
type Catalogs interface {
	// Catalog returns what an organization's log can be asked for.
	Catalog(ctx context.Context, organization ID) (*Catalog, error)
	// TeamCatalog returns the same of one team.
	TeamCatalog(ctx context.Context, organization, team ID) (*Catalog, error)
	// TeamOrganization returns which organization a team belongs to.
	TeamOrganization(ctx context.Context, team ID) (ID, error)
	// ObservedEvents are the events of entries read so far: the catalog may lack some.
	ObservedEvents(ctx context.Context, organization ID) []Text
	// ObservedTeams are the teams of entries read so far: those that are gone are in no catalog.
	ObservedTeams(ctx context.Context, organization ID) []Ref
}

// People is who acts.
type People interface {
	// ObservedActors are the actors of entries read so far: people who left may be in no catalog.
	ObservedActors(ctx context.Context, organization ID) []Actor
	// UserTimezone returns the IANA zone that a user lives in; empty if it is not known.
	UserTimezone(ctx context.Context, organization, user ID) string
	// Roster returns the people whom Make lists in an organization.
	Roster(ctx context.Context, organization ID) (*Roster, error)
}

// Details is single entries, with what only the detail call returns.
type Details interface {
	// Detail returns an entry with details, or a NotFoundError; with a DetailsError it returns the entry as well, without them.
	Detail(ctx context.Context, organization ID, uuid string) (*Entry, error)
	// ObservedEntries are uuids of entries read lately, newest first, at most limit.
	ObservedEntries(organization ID, limit int) []string
}

// Freshness is the time by the log's clock, and how fresh what was read of it is.
type Freshness interface {
	// Now is the log's clock.
	Now() time.Time
	// AsOf is the instant as of which what was read lately can be asked again without reading anew; zero if nothing is kept.
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
	// Here says that it is served by the instance that is asked.
	Here bool
	// Role is the account's role, in words; empty if not known.
	Role Text
}

// Recalled says that Make could not be asked, and that what comes instead was known at the last sync of a durable copy. It is an error
// where that does not suffice.
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

// DetailsError says that an entry's details could not be read, though the entry was.
type DetailsError struct {
	// Reason is why; it is none of the entry's own, so that it is not unwrapped.
	Reason error
}

func (e *DetailsError) Error() string { return "without details: " + e.Reason.Error() }

// NotFoundError says that there is no such entry, or none that may be seen.
type NotFoundError struct{ UUID string }

func (e *NotFoundError) Error() string { return "no entry " + Text(e.UUID).Quote() + " can be seen" }

// CallersMistake reports that other arguments would help.
func (*NotFoundError) CallersMistake() bool { return true }

// TargetNamer is a Directory that knows what objects were called.
type TargetNamer interface {
	// IsTarget reports whether an id is that of an object in an organization's log.
	IsTarget(ctx context.Context, organization ID, id Text) (bool, error)
	// NamedTargets returns the objects that may be seen and have, or had, a name that fits, once for each such name.
	NamedTargets(ctx context.Context, organization ID, fits func(name Text) bool) ([]NamedTarget, error)
	// TargetNames returns the names that objects have or had, the newest entry's first, of those that may be seen and have any.
	TargetNames(ctx context.Context, organization ID, of []Target) (map[Target][]Text, error)
}

// NamedTarget is an object and a name that it has, or had.
type NamedTarget struct {
	ID Text
	// Object is what sort of object it is, as [Event.Object] has it. Ids are unique only within one.
	Object Text
	Name   Text
}

// Has reports whether an event is about the object's sort: webhook_created is about webhooks.
func (n NamedTarget) Has(event Event) bool { return event.Object() == n.Object }

// ArchiveSpan is what a durable copy of a log holds.
type ArchiveSpan struct {
	// From is where it begins to vouch for the log.
	From time.Time
	// FirstAt and LastAt are when the oldest and the newest entry was triggered; zero if there is none.
	FirstAt, LastAt time.Time
	Entries         int
	// AsOf is when it was last filled up.
	AsOf time.Time
}

// ArchiveKeeper is a Directory that has a durable copy of logs.
type ArchiveKeeper interface {
	// ArchiveStatus returns what the copy holds of the logs that may be read.
	ArchiveStatus(ctx context.Context) (*ArchiveStatus, error)
}

// ArchiveStatus is what a durable copy holds, and what was last signed of it.
type ArchiveStatus struct {
	Logs []ArchiveLog
	// Checkpoint is the last signed one; empty if there is none. It is about the whole copy, whoever asks: a number of records and a hash.
	Checkpoint   string
	CheckpointAt time.Time
}

// ArchiveLog is what a durable copy holds of one log.
type ArchiveLog struct {
	Organization Ref
	Span         ArchiveSpan
	Gaps         []Gap
	// Unreadable counts records of Make's that could not be read; Doubts say why entries may be missing elsewhere.
	Unreadable int
	Doubts     []string
}

package makesim

import "time"

// The forms of triggeredAt that [Quirks.NumericTriggeredAt] knows.
const (
	TriggeredAtSeconds      = "s"
	TriggeredAtMilliseconds = "ms"
)

// The detail routes that [Quirks.DetailPath] knows.
const (
	DetailPathBoth = "both" // /audit-logs/{organizationId}/{uuid} and /audit-logs/{uuid}
	DetailPathTwo  = "two"  // only /audit-logs/{organizationId}/{uuid}
	DetailPathOne  = "one"  // only /audit-logs/{uuid}
)

// Quirks are the ways in which Make may differ from the best-behaved reading of its documentation. The zero value switches all of them off.
type Quirks struct {
	// Shape of lists.

	// NullWhenEmpty sends auditLogs as null instead of [].
	NullWhenEmpty bool
	// SingleObject sends auditLogs as an object when the page holds exactly one.
	SingleObject bool
	// NumericTriggeredAt sends triggeredAt as a number: seconds or milliseconds.
	NumericTriggeredAt string
	// UnknownFields adds undocumented fields to entries and the objects in them.
	UnknownFields bool
	// OddTypes sends targetId as number, object, array, bool or null, version as text, null or with parts of other types, and ids as text,
	// here and there. Which entries are odd depends on the seed and the entry only.
	OddTypes bool
	// NullActorTeam writes null for an absent actor, team, targetId and version instead of leaving the field out.
	NullActorTeam bool
	// IDsAsText sends the ids in entries and filters as text.
	IDsAsText bool
	// BrokenRecords makes every Nth entry, in the order in which entries were added, garbage in lists: text, null, an array, or an entry
	// whose triggeredAt cannot be read. It still takes its place in the page.
	BrokenRecords int

	// Counting.

	// RejectTotalCount answers 400 to pg[returnTotalCount]=true.
	RejectTotalCount bool
	// IgnoreTotalCount accepts pg[returnTotalCount]=true and sends no count.
	IgnoreTotalCount bool
	// TotalCountAsString sends totalCount as text.
	TotalCountAsString bool
	// TotalCountOfOrganization counts all entries of the organization (or team) whatever the filter, as the schema's description could be
	// read.
	TotalCountOfOrganization bool

	// Dates.

	// BareDatesOnly answers 400 to a full timestamp in dateFrom and dateTo.
	BareDatesOnly bool
	// TruncateTimestamps accepts full timestamps, but reads only their date.
	TruncateTimestamps bool
	// DateToMidnight ends dateTo=D at D 00:00 instead of after day D.
	DateToMidnight bool
	// DateZone is the zone in which bare dates are meant; nil: UTC.
	DateZone *time.Location
	// FilterByCreatedAt lets dateFrom and dateTo read createdAt.
	FilterByCreatedAt bool

	// Paging.

	// PageCap silently returns at most so many entries.
	PageCap int
	// EchoRequestedLimit makes pg.limit show the requested limit under PageCap.
	EchoRequestedLimit bool
	// MaxLimit answers 400 to a pg[limit] above it.
	MaxLimit int
	// MaxOffset answers 400 when offset+limit is above it, as a search engine.
	MaxOffset int
	// RejectLast answers 400 to pg[last].
	RejectLast bool
	// UnstableTies orders entries that are equal in what is sorted by anew at every request.
	UnstableTies bool

	// Filters.

	// FormerUsersInFilters keeps those who left in the filters' users.
	FormerUsersInFilters bool
	// RejectUnknownFilterValues answers 400 to a team, author or event that the filters do not hold.
	RejectUnknownFilterValues bool
	// IndexedArraysOnly answers 400 to event[]=x.
	IndexedArraysOnly bool

	// Details.

	// DetailPath says which detail routes exist; empty: both.
	DetailPath string
	// DetailIgnoresOrganization looks the uuid up without regard to the organization in the path, which the specification leaves
	// undeclared.
	DetailIgnoresOrganization bool

	// Refusals.

	// ForbidOrganizationList answers 403 to the organization's list and filters whatever the role, so that only teams can be read.
	ForbidOrganizationList bool
	// HideForbidden answers 404 where 403 is due.
	HideForbidden bool
	// ErrorDetailObject makes the detail of errors an object and adds suberrors.
	ErrorDetailObject bool
	// PlainText429 sends the 429 as text instead of JSON.
	PlainText429 bool
	// RetryAfter is the Retry-After header of a 429; empty: none.
	RetryAfter string
	// HTMLForbiddenWithoutUserAgent answers 403 with Cloudflare's HTML to a missing User-Agent or to the default one of a library.
	HTMLForbiddenWithoutUserAgent bool

	// Faults.

	// FailEvery answers every Nth request with FailStatus.
	FailEvery int
	// FailStatus is 500, 502, 503 (the default) or 504.
	FailStatus int
	// CutBodyEvery closes the connection amid the body of every Nth response.
	CutBodyEvery int
	// NotJSON answers 200 with HTML to everything.
	NotJSON bool
	// Redirect answers 307 to this address to everything.
	Redirect string
}

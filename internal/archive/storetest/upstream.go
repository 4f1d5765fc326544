package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// Acme is the organization.
func Acme() auditlog.Organization {
	return auditlog.Organization{Ref: auditlog.Ref{ID: "77", Name: "Acme"}, Zone: audittest.Zone, Here: true}
}

// Begin is when the world begins; its clock stands until it is moved.
func Begin() time.Time { return audittest.Now() }

// Upstream is a simulated Make with the little world, to fill archives from.
type Upstream struct {
	*audittest.Upstream
	Clock *audittest.Clock
}

// Start starts an upstream with these entries.
func Start(t testing.TB, entries []makesim.Entry, quirks makesim.Quirks) *Upstream {
	t.Helper()
	clock := audittest.NewClock(Begin())
	options := makesim.Options{Now: clock.Now, Quirks: quirks, Seed: 1, Minute: time.Minute}
	return &Upstream{audittest.Start(t, audittest.LittleWorld(entries), options), clock}
}

// Elsewhere is the upstream that another process serves at a URL.
func Elsewhere(t testing.TB, url string, now time.Time) *Upstream {
	return &Upstream{&audittest.Upstream{T: t, URL: url}, audittest.NewClock(now)}
}

// Session is a new client with a key, with nothing read yet.
func (u *Upstream) Session(key string, options live.Options) *live.Reader {
	u.T.Helper()
	return audittest.Access{URL: u.URL, Key: key, Now: u.Clock.Now, Live: options}.Reader(u.T)
}

// Happens has something happen to a key, which Make writes down at once.
func (u *Upstream) Happens(event string, at time.Time) {
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: event, TriggeredAt: at, TargetID: "1"})
}

// Source is what archives are filled from.
func (u *Upstream) Source(key string) *live.Reader {
	return u.Session(key, live.Options{KeepRaw: true})
}

// SyncOptions are those of a sync of Acme without details.
func SyncOptions() archive.SyncOptions {
	return archive.SyncOptions{Instance: audittest.Zone, Organization: Acme(), Details: archive.NoDetails}
}

// AllDetails are those of one with all details.
func AllDetails() archive.SyncOptions {
	options := SyncOptions()
	options.Details = archive.AllDetails
	return options
}

// Sync fills an archive with a new client.
func (u *Upstream) Sync(a *archive.Archive, key string) *archive.Summary {
	u.T.Helper()
	summary, err := a.Sync(u.T.Context(), u.Source(key), SyncOptions())
	require.NoError(u.T, err)
	return summary
}

// SyncWith fills an archive in another way, with the admin's key.
func (u *Upstream) SyncWith(a *archive.Archive, options archive.SyncOptions) *archive.Summary {
	u.T.Helper()
	summary, err := a.Sync(u.T.Context(), u.Source(audittest.AdminKey), options)
	require.NoError(u.T, err)
	return summary
}

// Reader answers from an archive with somebody's key.
func (u *Upstream) Reader(a *archive.Archive, key string) *archive.Reader {
	return &archive.Reader{
		Source: u.Session(key, live.Options{}), Archive: a, Instance: audittest.Zone, IsOwn: key == audittest.AdminKey,
		IsUnreachable: makeapi.IsUnreachable,
	}
}

// Entries makes so many entries of the year up to begin, of all kinds.
func Entries(count int) []makesim.Entry {
	bulk := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: count, From: Begin().AddDate(0, 0, -364), To: Begin().Add(-time.Hour), Seed: 3,
		BurstSize: count / 20, Teams: []int64{0, audittest.SalesTeam, audittest.OpsTeam},
	})
	for i := range bulk {
		switch {
		case i%17 == 0:
			bulk[i].Actor = nil
		case i%29 == 0:
			bulk[i].VersionFrom, bulk[i].VersionTo = "1", "2"
		}
	}
	return bulk
}

// Line is an entry as text, with all that a reader gives of it.
func Line(e *auditlog.Entry) string {
	team, actor, version, organization := "-", "-", "-", "-"
	if e.Team != nil {
		team = fmt.Sprintf("%s %s", e.Team.ID, string(e.Team.Name))
	}
	if e.Actor != nil {
		actor = fmt.Sprintf("%s %s %s", e.Actor.ID, string(e.Actor.Name), string(e.Actor.Email))
	}
	if e.Version != nil {
		version = string(e.Version.From + ">" + e.Version.To)
	}
	if e.Organization != nil {
		organization = fmt.Sprintf("%s %s", e.Organization.ID, string(e.Organization.Name))
	}
	return fmt.Sprintln(e.UUID, e.TriggeredAt.UTC().Format(time.RFC3339Nano), e.CreatedAt.UTC().Format(time.RFC3339Nano), organization,
		string(e.Event), actor, team, string(e.TargetID), version, e.Extra)
}

// ReadAll are the entries that answer a query, as text.
func ReadAll(t testing.TB, reader auditlog.Reader, q auditlog.Query) ([]string, auditlog.Report) {
	t.Helper()
	var lines []string
	report, err := reader.Read(t.Context(), q, func(entry *auditlog.Entry) bool {
		lines = append(lines, Line(entry))
		return true
	})
	require.NoError(t, err)
	return lines, report
}

// Year is a query for all of the year.
func Year() auditlog.Query {
	return auditlog.Query{
		Organization: Acme().Ref,
		Window:       auditlog.Window{From: Begin().AddDate(0, 0, -364), To: Begin(), Location: time.UTC},
	}
}

// UpToNow is the year up to now, as it is asked for later.
func (u *Upstream) UpToNow() auditlog.Query {
	q := Year()
	q.Window.To = u.Clock.Now()
	return q
}

// Same requires that an archive holds what the upstream has, entry for entry.
func (u *Upstream) Same(a *archive.Archive) {
	u.T.Helper()
	q := u.UpToNow()
	q.Window.From = Begin().AddDate(-3, 0, 0)
	want, _ := ReadAll(u.T, u.Session(audittest.AdminKey, live.Options{}), q)
	got, report := ReadAll(u.T, u.Reader(a, audittest.AdminKey), q)
	require.Equal(u.T, want, got)
	assert.Equal(u.T, auditlog.SourceArchive, report.Source)
	Intact(u.T, a)
}

// Verify verifies an archive, which may be damaged.
func Verify(t testing.TB, a *archive.Archive, options archive.VerifyOptions) *archive.Verification {
	t.Helper()
	found, err := a.Verify(t.Context(), options)
	require.NoError(t, err)
	return found
}

// Intact requires that an archive verifies.
func Intact(t testing.TB, a *archive.Archive) *archive.Verification {
	t.Helper()
	found := Verify(t, a, archive.VerifyOptions{})
	require.True(t, found.Intact(), Problems(found))
	return found
}

// Problems are what a verification found, a line each.
func Problems(v *archive.Verification) string {
	texts := make([]string, len(v.Problems))
	for i, problem := range v.Problems {
		texts[i] = problem.String()
	}
	return strings.Join(texts, "\n")
}

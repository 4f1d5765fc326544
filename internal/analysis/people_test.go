package analysis_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
)

// listing is a directory that also lists people.
type listing struct {
	*directory
	members []auditlog.Member
}

func (l *listing) Roster(context.Context, auditlog.ID) (*auditlog.Roster, error) {
	return &auditlog.Roster{Members: l.members}, nil
}

// counting counts how often each entry is read.
type counting struct {
	log
	reads map[string]int
}

func (c *counting) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	return c.log.Read(ctx, q, func(e *auditlog.Entry) bool {
		c.reads[e.UUID]++
		return yield(e)
	})
}

func someone(id auditlog.ID) auditlog.Actor {
	return auditlog.Actor{ID: id, Name: "Someone " + auditlog.Text(id)}
}

// peopleOf asks for the ten days from windowStart on but for the last hour, of a year of entries.
func peopleOf(t *testing.T, report auditlog.Report, members []auditlog.Member, entries ...*auditlog.Entry) (*analysis.People, *counting) {
	t.Helper()
	for i, entry := range entries {
		entry.UUID = string(rune('a' + i))
	}
	slices.SortFunc(entries, auditlog.CompareNewestFirst)
	reader := &counting{log: log{entries: entries, report: report}, reads: map[string]int{}}
	service := &analysis.Service{Resolver: question.Resolver{
		Reader: reader, Directory: &listing{directory: &directory{catalog: logtest.Documented()}, members: members},
	}}
	people, err := service.People(t.Context(),
		auditlog.Query{Window: auditlog.Window{From: windowStart(), To: now().Add(-time.Hour), Location: time.UTC}},
		auditlog.Window{From: now().AddDate(-1, 0, 0), To: now()})
	require.NoError(t, err)
	return people, reader
}

func TestEachEntryCountsOnceWhereverTheWindowLies(t *testing.T) {
	t.Parallel()
	member := auditlog.Member{Actor: someone("5")}
	early, inside, late := now().AddDate(0, 0, -100), windowStart(), now().Add(-time.Minute)
	people, reader := peopleOf(t, auditlog.Report{}, []auditlog.Member{member},
		logtest.Did(someone("5"), "key_created", early), logtest.Did(someone("5"), "key_created", inside),
		logtest.Did(someone("5"), "key_deleted", now().Add(-time.Hour-time.Second)), logtest.Did(someone("5"), "key_created", late),
		logtest.Did(someone("6"), "webhook_created", late))
	require.Len(t, people.People, 2)
	gone, active := people.People[0], people.People[1]
	assert.Equal(t, []any{analysis.Gone, 0, late, late}, []any{gone.Status, gone.Entries, gone.FirstAt, gone.LastAt})
	assert.Equal(t, []any{analysis.Active, 2, early, late}, []any{active.Status, active.Entries, active.FirstAt, active.LastAt})
	assert.Equal(t, []analysis.PowerUse{{Object: "key", Power: auditlog.PowerKey, Made: 1}}, active.Powers)
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, reader.reads)
}

func TestTheSystemAndActorsWithoutAnIDAreNobody(t *testing.T) {
	t.Parallel()
	system := logtest.Did(someone("5"), "key_created", windowStart())
	system.Actor = nil
	nameless := auditlog.Actor{Name: "No ID"}
	people, _ := peopleOf(t, auditlog.Report{}, nil, system, logtest.Did(nameless, "key_created", windowStart().Add(time.Hour)),
		logtest.Did(nameless, "key_created", windowStart().Add(-time.Hour)))
	assert.Empty(t, people.People)
	assert.Equal(t, 1, people.Unidentified, "of the window")
}

func TestNobodyIsNewWhereNothingIsKnownOfTheTimeBefore(t *testing.T) {
	t.Parallel()
	members := []auditlog.Member{{Actor: someone("5")}}
	entry := logtest.Did(someone("5"), "key_created", windowStart())
	people, _ := peopleOf(t, auditlog.Report{}, members, entry)
	assert.Equal(t, analysis.New, people.People[0].Status)

	only := auditlog.Report{Coverage: auditlog.Coverage{From: windowStart(), To: now(),
		Gaps: []auditlog.Gap{{From: now().AddDate(-1, 0, 0), To: windowStart()}}}}
	people, _ = peopleOf(t, only, members, entry)
	assert.Equal(t, analysis.Active, people.People[0].Status)
	assert.True(t, people.Report.Complete, "the window itself is covered")
}

// zoneless is a directory that knows nobody's zone.
type zoneless struct{ *listing }

func (zoneless) UserTimezone(context.Context, auditlog.ID, auditlog.ID) string { return "" }

func TestFindingsAreToldOfPeopleUnlessThereAreTooManyEntries(t *testing.T) {
	t.Parallel()
	detector, err := detect.New()
	require.NoError(t, err)
	off := logtest.Did(someone("5"), "two_factor_authentication_enforcement_disabled", windowStart().Add(time.Hour))
	entries := []*auditlog.Entry{off}
	for _, many := range []int{0, 100_000} {
		reader := &log{entries: append(entries, slices.Repeat([]*auditlog.Entry{
			logtest.Did(someone("6"), "scenario_updated", windowStart())}, many)...)}
		service := &analysis.Service{Detector: detector, Resolver: question.Resolver{
			Reader: reader, Directory: zoneless{&listing{directory: &directory{catalog: logtest.Documented()}}},
		}}
		window := auditlog.Window{From: windowStart(), To: now(), Location: time.UTC}
		people, err := service.People(t.Context(), auditlog.Query{Window: window},
			auditlog.Window{From: now().AddDate(-1, 0, 0), To: now()})
		require.NoError(t, err)
		at := slices.IndexFunc(people.People, func(p *analysis.Person) bool { return p.ID == "5" })
		require.GreaterOrEqual(t, at, 0)
		if many > 0 {
			assert.Nil(t, people.People[at].Findings)
			assert.Contains(t, people.FindingsNote, "100001 entries")
			continue
		}
		assert.Empty(t, people.FindingsNote)
		require.NotNil(t, people.People[at].Findings)
		assert.Contains(t, people.People[at].Findings.Rules, "two_factor_off")
		assert.True(t, people.People[at].Findings.Severest.AtLeast(detect.SeverityHigh))
	}
}

package analysis_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/question"
)

// knowing is a directory that also tells zones and details.
type knowing struct {
	*directory
	zones    map[auditlog.ID]string
	details  map[string]string
	failures map[string]error
}

func (k *knowing) UserTimezone(_ context.Context, _, user auditlog.ID) string { return k.zones[user] }

func (k *knowing) Detail(_ context.Context, _ auditlog.ID, uuid string) (*auditlog.Entry, error) {
	if err := k.failures[uuid]; err != nil {
		return nil, err
	}
	return &auditlog.Entry{UUID: uuid, Details: []byte(k.details[uuid])}, nil
}

// activityOf asks for the last ten days of somebody, against ninety before.
func activityOf(t *testing.T, actor auditlog.Actor, zone *time.Location, own string, entries ...*auditlog.Entry) *analysis.Activity {
	t.Helper()
	slices.SortFunc(entries, auditlog.CompareNewestFirst)
	service := &analysis.Service{Resolver: question.Resolver{
		Reader:    &log{entries: entries},
		Directory: &knowing{directory: &directory{catalog: logtest.Documented()}, zones: map[auditlog.ID]string{actor.ID: own}},
	}}
	activity, err := service.Activity(t.Context(),
		auditlog.Query{Actors: []auditlog.Actor{actor}, Window: auditlog.Window{From: windowStart(), To: now(), Location: zone}}, 90)
	require.NoError(t, err)
	return activity
}

// windowStart is a Tuesday noon in UTC.
func windowStart() time.Time { return now().AddDate(0, 0, -10) }

func TestWhoLeftIsNamedByTheLog(t *testing.T) {
	t.Parallel()
	entry := logtest.Did(logtest.Ada(), "key_created", windowStart().AddDate(0, 0, -3))
	assert.Equal(t, logtest.Ada(), activityOf(t, auditlog.Actor{ID: "5"}, time.UTC, "", entry).Actor)
	assert.Equal(t, auditlog.Actor{ID: "5"}, activityOf(t, auditlog.Actor{ID: "5"}, time.UTC, "").Actor)
}

func TestTheWindowBeginsWhereTheBaselineEnds(t *testing.T) {
	t.Parallel()
	begin := windowStart().AddDate(0, 0, -90)
	activity := activityOf(t, logtest.Ada(), time.UTC, "",
		logtest.Did(logtest.Ada(), "too_old", begin.Add(-time.Millisecond)), logtest.Did(logtest.Ada(), "just_before", begin),
		logtest.Did(logtest.Ada(), "just_before", windowStart().Add(-time.Millisecond)),
		logtest.Did(logtest.Ada(), "first", windowStart()), logtest.Did(logtest.Ada(), "last",
			now().Add(-time.Millisecond)), logtest.Did(logtest.Ada(), "too_late", now()))
	assert.Equal(t, 2, activity.Baseline.Entries)
	assert.Equal(t, auditlog.Window{From: begin, To: windowStart(), Location: time.UTC}, activity.Baseline.Window)
	require.Len(t, activity.Entries, 2)
	assert.Equal(t, []auditlog.Text{"last", "first"}, []auditlog.Text{activity.Entries[0].Event, activity.Entries[1].Event})
	assert.Len(t, activity.NewEvents(), 2)
}

func TestHoursAreMeantInThePersonsOwnZoneWhereItIsKnown(t *testing.T) {
	t.Parallel()
	prague, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	activity := activityOf(t, logtest.Ada(), prague, "Asia/Kathmandu")
	assert.True(t, activity.Usual.IsOwn)
	assert.Equal(t, "Asia/Kathmandu", activity.Usual.Location.String())
	assert.Equal(t, "Asia/Kathmandu", activity.Timezone)
	for _, useless := range []string{"", "Local", "Middle/Earth"} {
		activity = activityOf(t, logtest.Ada(), prague, useless)
		assert.Equal(t, prague, activity.Usual.Location, useless)
		assert.False(t, activity.Usual.IsOwn, useless)
	}
}

// directory is what is known around a log.
type directory struct {
	auditlog.Directory // not called
	organizations      []auditlog.Organization
	catalog            *auditlog.Catalog
}

func (d *directory) Organizations(context.Context) ([]auditlog.Organization, error) {
	return d.organizations, nil
}

func (d *directory) Catalog(context.Context, auditlog.ID) (*auditlog.Catalog, error) {
	if d.catalog == nil {
		return nil, errors.New("no catalog")
	}
	return d.catalog, nil
}

func TestEventsOfASortAreFoundInTheCatalog(t *testing.T) {
	t.Parallel()
	known := &directory{organizations: []auditlog.Organization{{Ref: auditlog.Ref{ID: "1"}, Here: true}}, catalog: logtest.Documented()}
	service := &analysis.Service{Resolver: question.Resolver{Directory: known}}
	access, err := service.AccessEvents(t.Context(), "")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"two_factor_authentication_enforcement_disabled", "team_role_updated", "team_member_removed", "team_created",
		"organization_created",
		"key_created", "key_updated", "key_deleted", "credential_request_authorized",
	}, access)
	membership, err := service.MembershipEvents(t.Context(), "1")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"team_role_updated", "team_member_removed"}, membership)
	ownership, err := service.OwnershipEvents(t.Context(), "1")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"key_created", "connection_created", "webhook_created"}, ownership)

	known.catalog = &auditlog.Catalog{Events: []auditlog.Event{{Value: "scenario_updated", Category: "Scenarios"}}}
	_, err = service.MembershipEvents(t.Context(), "1")
	require.ErrorContains(t, err, "none of this sort")
	known.catalog = nil
	_, err = service.AccessEvents(t.Context(), "1")
	require.ErrorContains(t, err, "no catalog")
}

package makesim_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

// demoNow is an instant of the demo's tests: a Wednesday after a change to summer time.
func demoNow() time.Time { return time.Date(2026, 4, 8, 14, 0, 0, 0, time.UTC) }

// fingerprint is a digest of everything in a world.
func fingerprint(t *testing.T, w *makesim.World) string {
	t.Helper()
	encoded, err := json.Marshal(w)
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(encoded))
}

func TestDemoIsTheSameAllDay(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	midnight := demoNow().Truncate(day)
	first := makesim.Demo(midnight, 1, nil)
	last := makesim.Demo(midnight.Add(day-1).In(time.FixedZone("Tokyo", 9*3600)), 1, nil)
	assert.Equal(t, fingerprint(t, first), fingerprint(t, last))
	uuids := func(w *makesim.World) (all []string) {
		for _, entry := range w.Entries {
			all = append(all, entry.UUID)
		}
		return all
	}
	assert.NotEqual(t, uuids(first), uuids(makesim.Demo(midnight.Add(-1), 1, nil)), "another day")
	assert.NotEqual(t, uuids(first), uuids(makesim.Demo(midnight, 2, nil)), "another seed")
}

// demoChild makes the test binary print the demo's fingerprint and nothing else.
const demoChild = "MAKESIM_TEST_DEMO_CHILD"

func TestDemoIsTheSameInEveryProcess(t *testing.T) {
	t.Parallel()
	here := fingerprint(t, makesim.Demo(demoNow(), 1, nil))
	if os.Getenv(demoChild) != "" {
		fmt.Println("fingerprint", here)
		return
	}
	program, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), program, "-test.run=^TestDemoIsTheSameInEveryProcess$", "-test.count=1")
	child.Env = append(os.Environ(), demoChild+"=1", "TZ=America/New_York")
	output, err := child.Output()
	require.NoError(t, err)
	assert.True(t, bytes.Contains(output, []byte("fingerprint "+here)), "%s", output)
}

func TestDemoGrowsThroughTheDay(t *testing.T) {
	t.Parallel()
	w := makesim.Demo(demoNow(), 1, nil)
	now := demoNow().Truncate(day)
	s := makesim.New(w, makesim.Options{Now: func() time.Time { return now }})
	morning := s.Dump(makesim.DemoOrganizationID)
	now = demoNow()
	afternoon := s.Dump(makesim.DemoOrganizationID)
	assert.Greater(t, len(afternoon), len(morning))
	assert.False(t, afternoon[0].TriggeredAt.After(now))
}

func TestDemoHasTheShapeOfAnOrganization(t *testing.T) {
	t.Parallel()
	w := makesim.Demo(demoNow(), 1, nil)
	visible := makesim.New(w, makesim.Options{Now: demoNow}).Dump(makesim.DemoOrganizationID)
	assert.InDelta(t, 30_000, len(visible), 4_000)

	events, teams, actors := map[string]int{}, map[int64]int{}, map[int64]int{}
	uuids, hours, weekend, late, systems, perSecond := map[string]bool{}, map[int]int{}, 0, 0, 0, map[int64]int{}
	zones := map[int64]*time.Location{}
	for _, u := range w.Users {
		zone, err := time.LoadLocation(u.Timezone)
		require.NoError(t, err, u.Timezone)
		zones[u.ID] = zone
	}
	for _, e := range visible {
		events[e.Event]++
		teams[e.TeamID]++
		uuids[e.UUID] = true
		perSecond[e.TriggeredAt.Unix()]++
		assert.False(t, e.CreatedAt.Before(e.TriggeredAt))
		if e.CreatedAt.Sub(e.TriggeredAt) > day {
			late++
		}
		if e.Actor == nil {
			systems++
			continue
		}
		actors[e.Actor.ID]++
		local := e.TriggeredAt.In(zones[e.Actor.ID])
		hours[local.Hour()]++
		if local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
			weekend++
		}
	}
	assert.Len(t, uuids, len(visible))
	known := map[string]bool{makesim.EventOthersConnectionUsed: true, makesim.EventRequestedConnectionUsed: true} // logged only later
	for _, category := range w.Events {
		for _, e := range category.Items {
			assert.True(t, known[e.Value] || events[e.Value] > 0, e.Value)
			known[e.Value] = true
		}
	}
	for event := range events {
		assert.True(t, known[event], "%s is unknown to the filters", event)
	}
	for _, team := range w.Organizations[0].Teams {
		assert.Greater(t, teams[team.ID], 100, team.Name)
	}
	assert.Positive(t, teams[0], "entries of the whole organization")
	assert.Len(t, actors, len(w.Users)-1, "everybody but one did something")
	assert.Positive(t, systems)
	assert.InDelta(t, 0.003, float64(late)/float64(len(visible)), 0.0015)
	assert.Less(t, weekend, len(visible)/50)
	night := 0
	for _, hour := range []int{0, 1, 2, 3, 4, 5, 22, 23} {
		night += hours[hour]
	}
	assert.Less(t, night, 150, "the incidents, and nobody else")
	busiest := 0
	for _, count := range perSecond {
		busiest = max(busiest, count)
	}
	assert.GreaterOrEqual(t, busiest, 4, "deployments fall into one second")
}

func TestDemoPeopleAreHardToTellApart(t *testing.T) {
	t.Parallel()
	w := makesim.Demo(demoNow(), 1, nil)
	members := map[int64]bool{}
	for _, r := range w.OrganizationRoles {
		members[r.UserID] = members[r.UserID] || r.OrganizationID == makesim.DemoOrganizationID
	}
	names, emails, zones, left := map[string]int{}, map[string]bool{}, map[string]int{}, 0
	for _, u := range w.Users {
		names[u.Name]++
		emails[u.Email] = true
		zones[u.Timezone]++
		if !members[u.ID] {
			left++
		}
	}
	assert.Equal(t, 2, names["Jan Novák"])
	assert.Len(t, emails, len(w.Users))
	assert.Equal(t, 3, left)
	assert.Equal(t, 1, zones["Asia/Kathmandu"])
	assert.GreaterOrEqual(t, zones["America/New_York"], 4)
}

func TestDemoTokensSeeWhatTheyShould(t *testing.T) {
	t.Parallel()
	s := serve(t, makesim.Demo(demoNow(), 1, nil), makesim.Options{Now: demoNow})
	const path = "/audit-logs/organization/4721"
	assert.Equal(t, 200, s.as(makesim.DemoToken).status(path))
	assert.Equal(t, 404, s.as(makesim.DemoToken).status("/audit-logs/organization/9034"), "another zone")
	var organizations organizations
	s.as(makesim.DemoToken).get("/organizations", &organizations)
	assert.Len(t, organizations.Organizations, 2)
	assert.Equal(t, 403, s.as(makesim.DemoTeamAdminToken).status(path))
	assert.Equal(t, 200, s.as(makesim.DemoTeamAdminToken).status("/audit-logs/team/8102"))
	assert.Equal(t, 403, s.as(makesim.DemoMemberToken).status("/audit-logs/team/8103"))
	var filters struct{ Users []named }
	s.as(makesim.DemoToken).get(path+"/filters", &filters)
	assert.Len(t, filters.Users, 39)
	for _, u := range filters.Users {
		assert.NotEqual(t, "Marek Havelka", u.Name, "has left")
	}
}

func TestDemoObjectsHaveLives(t *testing.T) {
	t.Parallel()
	w := makesim.Demo(demoNow(), 1, nil)
	entity := func(event string) (object, verb string) {
		cut := strings.LastIndexByte(event, '_')
		return event[:cut], event[cut+1:]
	}
	type key struct{ object, target string }
	lives := map[key][]makesim.Entry{}
	kindsOfTarget := map[string]map[string]bool{}
	for _, e := range w.Entries {
		object, _ := entity(e.Event)
		switch object {
		case "team", "team_role", "team_member", "organization", "two_factor_authentication_enforcement":
			continue
		}
		lives[key{object, e.TargetID}] = append(lives[key{object, e.TargetID}], e)
		if kindsOfTarget[e.TargetID] == nil {
			kindsOfTarget[e.TargetID] = map[string]bool{}
		}
		kindsOfTarget[e.TargetID][object] = true
	}
	assert.Greater(t, len(kindsOfTarget["3000"]), 5, "an id is unique among its kind only")
	ended := 0
	for k, life := range lives {
		slices.SortStableFunc(life, func(a, b makesim.Entry) int { return a.TriggeredAt.Compare(b.TriggeredAt) })
		version := ""
		for i, e := range life {
			_, verb := entity(e.Event)
			begins := verb == "created" || k.object == "credential_request" // those may be older than their log
			require.True(t, i > 0 && verb != "created" || i == 0 && begins, "%v begins with its creation", k)
			if verb == "deleted" {
				ended++
				require.Equal(t, len(life)-1, i, "%v ends with its deletion", k)
			}
			if k.object == "scenario" && e.VersionTo != "" {
				require.Equal(t, version, e.VersionFrom, "%v goes from version to version", k)
				version = e.VersionTo
			}
			require.NotEmpty(t, e.Details)
		}
	}
	assert.Greater(t, ended, 500)
}

// demoEntries are those that fit, in the order of time.
func demoEntries(w *makesim.World, fits func(e makesim.Entry) bool) []makesim.Entry {
	var found []makesim.Entry
	for _, e := range w.Entries {
		if fits(e) {
			found = append(found, e)
		}
	}
	return found
}

// TestDemoIncidentsAreWhereTheyAreSaidToBe looks on days of every kind: within a month, on its first and last, and at changes of the clock.
func TestDemoIncidentsAreWhereTheyAreSaidToBe(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	prague, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	for _, date := range []string{"2026-04-08", "2026-03-01", "2026-12-31", "2027-01-01", "2026-04-01", "2026-10-28", "2028-03-01"} {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			today, err := time.Parse(time.DateOnly, date)
			require.NoError(t, err)
			w := makesim.Demo(today, 1, nil)
			actor := func(e makesim.Entry, name string) bool { return e.Actor != nil && e.Actor.Name == name }
			on := func(e makesim.Entry, daysAgo int, from, to string) bool {
				local := e.TriggeredAt.In(prague)
				clock := local.Format("15:04")
				return local.Format(time.DateOnly) == today.AddDate(0, 0, -daysAgo).Format(time.DateOnly) && from <= clock && clock < to
			}
			count := func(fits func(e makesim.Entry) bool) int { return len(demoEntries(w, fits)) }

			deleted := demoEntries(w, func(e makesim.Entry) bool {
				return actor(e, "Marek Havelka") && on(e, 9, "22:00", "24:00") && strings.HasSuffix(e.Event, "_deleted")
			})
			assert.Len(t, deleted, 35, "the leaver's night")
			assert.Equal(t, 2, count(func(e makesim.Entry) bool {
				return e.Event == "team_member_removed" && on(e, 8, "09:00", "10:00") && e.Details["userName"] == "Marek Havelka"
			}), "the leaver is removed")
			assert.Zero(t, count(func(e makesim.Entry) bool {
				return actor(e, "Marek Havelka") && e.TriggeredAt.After(deleted[34].TriggeredAt)
			}), "and does nothing afterwards")

			night := demoEntries(w, func(e makesim.Entry) bool { return actor(e, "Lucie Marešová") && on(e, 3, "03:00", "04:00") })
			require.Len(t, night, 94)
			assert.Equal(t, []string{"key_created", "connection_created", "data_store_created", "data_store_record_created"},
				[]string{night[0].Event, night[1].Event, night[2].Event, night[3].Event})
			assert.Equal(t, "data_store_deleted", night[93].Event)
			assert.Equal(t, 94, count(func(e makesim.Entry) bool {
				hour := e.TriggeredAt.In(prague).Hour()
				return actor(e, "Lucie Marešová") && (hour < 7 || hour >= 20)
			}), "no other night of hers")

			twoFactor := demoEntries(w, func(e makesim.Entry) bool {
				return on(e, 5, "14:00", "15:00") && strings.HasPrefix(e.Event, "two_factor_authentication_enforcement_")
			})
			if date == "2026-03-01" {
				assert.Empty(t, twoFactor, "it was not logged yet")
			} else {
				require.Len(t, twoFactor, 2)
				assert.Equal(t, "two_factor_authentication_enforcement_disabled", twoFactor[0].Event)
				assert.InDelta(t, 40, twoFactor[1].TriggeredAt.Sub(twoFactor[0].TriggeredAt).Minutes(), 1)
			}

			cleaned := demoEntries(w, func(e makesim.Entry) bool {
				daysAgo := today.Add(day).Sub(e.TriggeredAt) / day
				return e.Event == "webhook_deleted" && actor(e, "Grzegorz Brzęczyszczykiewicz") && daysAgo >= 16 && daysAgo <= 18
			})
			assert.GreaterOrEqual(t, len(cleaned), 48, "the day of the deleted webhooks")

			newcomer := demoEntries(w, func(e makesim.Entry) bool { return actor(e, "Sofia Lindqvist") })
			assert.True(t, on(newcomer[0], 12, "07:00", "20:00"), "first seen twelve days ago: %s", newcomer[0].TriggeredAt)

			lastDay := today.AddDate(0, 0, -today.Day())
			border := demoEntries(w, func(e makesim.Entry) bool {
				return e.Event == "organization_variable_deleted" && e.TriggeredAt.Format(time.DateOnly) == lastDay.Format(time.DateOnly) &&
					e.TriggeredAt.Hour() >= 20
			})
			require.Len(t, border, 4, "the border of the month")
			assert.Equal(t, lastDay.Month(), border[0].TriggeredAt.In(prague).Month())
			for _, e := range border[1:] {
				assert.Equal(t, lastDay.Month(), e.TriggeredAt.Month())
				assert.NotEqual(t, lastDay.Month(), e.TriggeredAt.In(prague).Month())
			}

			hostile := demoEntries(w, func(e makesim.Entry) bool {
				name, _ := e.Details["webhookName"].(string)
				return e.Event == "webhook_created" && strings.Contains(name, "\u202e")
			})
			require.Len(t, hostile, 1)
			assert.True(t, on(hostile[0], 2, "11:00", "12:00"))
			for _, text := range []string{hostile[0].Details["webhookName"].(string), hostile[0].Actor.Name} {
				assert.True(t, utf8.ValidString(text))
				assert.Contains(t, text, "\u202e", "a bidi override")
				assert.Contains(t, text, "\x1b[", "an escape sequence")
				assert.Regexp(t, "[\u200b\u2060]", text, "a zero-width character")
				assert.Regexp(t, "[\U000e0000-\U000e007f]", text, "a tag character")
			}
		})
	}
}

func TestDemoHasNoEventFromBeforeItWasLogged(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	firsts := func(now string) map[string]string {
		at, err := time.Parse(time.DateOnly, now)
		require.NoError(t, err)
		found := map[string]string{}
		for _, e := range demoEntries(makesim.Demo(at, 1, nil), func(makesim.Entry) bool { return true }) {
			for sort, words := range map[string]string{"2FA": "two_factor_", "requests": "credential_request_", "use": "connection_used"} {
				if day := e.TriggeredAt.Format(time.DateOnly); strings.Contains(e.Event, words) && day < cmp.Or(found[sort], "9") {
					found[sort] = day
				}
			}
		}
		return found
	}
	assert.Empty(t, firsts("2026-02-09"))
	assert.Equal(t, map[string]string{"requests": "2026-02-10", "2FA": "2026-04-03"}, firsts("2026-04-08"), "2FA: the incident, not the founding")
	assert.Equal(t, map[string]string{"requests": "2026-02-10", "2FA": "2026-10-28", "use": "2026-10-05"}, firsts("2026-11-02"))
	later := firsts("2027-11-20")
	assert.Equal(t, "2026-11-26", later["2FA"], "with the founding, now that it may be")
	assert.Less(t, later["requests"], "2026-12-15")
	assert.Less(t, later["use"], "2027-10-20", "for some weeks")
}

func TestDemoUsesConnectionsThatOthersMade(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	w := makesim.Demo(today, 1, nil)
	zones := map[int64]*time.Location{}
	for _, u := range w.Users {
		zone, err := time.LoadLocation(u.Timezone)
		require.NoError(t, err)
		zones[u.ID] = zone
	}
	uses := map[string]int{}
	for _, use := range demoEntries(w, func(e makesim.Entry) bool { return strings.Contains(e.Event, "connection_used") }) {
		uses[use.Event]++
		life := demoEntries(w, func(e makesim.Entry) bool {
			return e.TargetID == use.TargetID && strings.HasPrefix(e.Event, "connection_") && e.Event != use.Event
		})
		require.Equal(t, "connection_created", life[0].Event)
		assert.True(t, life[0].TriggeredAt.Before(use.TriggeredAt))
		assert.NotEqual(t, life[0].Actor, use.Actor)
		assert.Equal(t, life[0].TeamID, use.TeamID)
		assert.NotEqual(t, "connection_deleted", life[len(life)-1].Event)
		local := use.TriggeredAt.In(zones[use.Actor.ID])
		assert.True(t, local.Hour() >= 9 && local.Hour() < 17, "%s", local)
		assert.NotContains(t, []time.Weekday{time.Saturday, time.Sunday}, local.Weekday())
	}
	assert.Len(t, uses, 2)
	for event, count := range uses {
		assert.True(t, 4 <= count && count <= 9, "%s: %d", event, count)
	}
}

func TestDemoStopsScenariosWithoutAnActor(t *testing.T) {
	t.Parallel()
	stopped := demoEntries(makesim.Demo(demoNow(), 1, nil), func(e makesim.Entry) bool { return e.Actor == nil })
	events := map[string]bool{}
	for _, e := range stopped {
		events[e.Event] = true
		assert.NotZero(t, e.TeamID)
	}
	assert.Equal(t, map[string]bool{"scenario_deactivated": true, "webhook_disabled": true}, events)
}

func TestDocumentedEventsAreThoseOfMakesPage(t *testing.T) {
	t.Parallel()
	headers, labels := map[string][]string{}, map[string]string{}
	for _, category := range makesim.DocumentedEvents() {
		for _, e := range category.Items {
			headers[e.Value] = append(headers[e.Value], category.Header)
			labels[e.Value] = e.Label
		}
	}
	for _, verb := range []string{"created", "updated", "deleted"} {
		assert.Equal(t, []string{"Data Store", "Data Store Records"}, headers["data_store_record_"+verb])
		delete(headers, "data_store_record_"+verb)
	}
	for value, under := range headers {
		assert.Len(t, under, 1, value)
	}
	for value, label := range map[string]string{
		"connection_authorized": "Connection authorized/reauthorized", "connection_reauthorized": "Connection authorized/reauthorized",
		"two_factor_authentication_enforcement_disabled": "Organization 2FA enforcement disabled",
		"connection_used_by_another_user":                "Connection used belongs to someone else",
		"requested_connection_used":                      "Requested connection used",
	} {
		assert.Equal(t, label, labels[value])
	}
}

func TestDemoDetailsHoldSecrets(t *testing.T) {
	t.Parallel()
	w := makesim.Demo(demoNow(), 1, nil)
	month := demoNow().AddDate(0, 0, -30)
	for _, field := range []string{"apiKey", "value", "authorization"} {
		assert.NotEmpty(t, demoEntries(w, func(e makesim.Entry) bool {
			text, _ := e.Details[field].(string)
			return e.TriggeredAt.After(month) && strings.Contains(text, "demo-not-a-secret")
		}), field)
	}
}

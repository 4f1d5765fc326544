package detection_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/bench/detection"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
)

// medium is a seed whose world has 28 people, and all sorts of incidents.
const medium = 8

// made are worlds by seed: tests only read them.
var made sync.Map

func worldOf(t *testing.T, seed uint64) *detection.World {
	t.Helper()
	known, _ := made.LoadOrStore(seed, sync.OnceValues(func() (*detection.World, error) { return detection.Organization(seed) }))
	world, err := known.(func() (*detection.World, error))()
	require.NoError(t, err)
	return world
}

// sampled are worlds that stand for all: a small one, a noisy one, and of middling size.
func sampled(t *testing.T) []*detection.World {
	t.Helper()
	var worlds []*detection.World
	for _, seed := range logtest.UnderRace([]uint64{0, 6, medium, 10}, []uint64{0, medium}) {
		worlds = append(worlds, worldOf(t, seed))
	}
	return worlds
}

func TestASeedIsAWorldToTheByte(t *testing.T) {
	t.Parallel()
	bytesOf := func(seed uint64) [sha256.Size]byte {
		world, err := detection.Organization(seed)
		require.NoError(t, err)
		data, err := json.Marshal(world)
		require.NoError(t, err)
		return sha256.Sum256(data)
	}
	assert.Equal(t, bytesOf(medium), bytesOf(medium))
	assert.NotEqual(t, bytesOf(medium), bytesOf(medium+2*10), "whose organization is as large")
}

func TestEntriesLieInBaselineAndWindowInOrderNoneTwice(t *testing.T) {
	t.Parallel()
	for _, world := range sampled(t) {
		const day = 24 * time.Hour
		assert.InDelta(t, detection.BaselineDays, float64(world.Baseline.To.Sub(world.Baseline.From))/float64(day), 0.1)
		assert.InDelta(t, detection.WindowDays, float64(world.Window.To.Sub(world.Window.From))/float64(day), 0.1)
		assert.Equal(t, world.Baseline.To, world.Window.From)
		assert.True(t, slices.IsSortedFunc(world.Entries, auditlog.CompareNewestFirst))
		uuids := map[string]bool{}
		for _, entry := range world.Entries {
			assert.False(t, uuids[entry.UUID], "uuid %s is there twice", entry.UUID)
			uuids[entry.UUID] = true
			require.False(t, entry.TriggeredAt.Before(world.Baseline.From), "seed %d: %v", world.Seed, entry.TriggeredAt)
			require.True(t, entry.TriggeredAt.Before(world.Window.To), "seed %d: %v", world.Seed, entry.TriggeredAt)
			require.False(t, entry.CreatedAt.Before(entry.TriggeredAt), "seed %d: %v", world.Seed, entry.TriggeredAt)
		}
	}
}

func TestIncidentsAreEntriesOfTheWindowThatNoTwoShare(t *testing.T) {
	t.Parallel()
	for _, world := range sampled(t) {
		entries := map[string]*auditlog.Entry{}
		for _, entry := range world.Entries {
			entries[entry.UUID] = entry
		}
		require.NotEmpty(t, world.Incidents)
		planted := map[string]bool{}
		for _, incident := range world.Incidents {
			var times []time.Time
			for _, uuid := range incident.UUIDs {
				assert.False(t, planted[uuid], "%s shares an entry", incident.Kind)
				planted[uuid] = true
				entry := entries[uuid]
				require.NotNil(t, entry, "%s of seed %d", incident.Kind, world.Seed)
				assert.True(t, world.Window.Contains(entry.TriggeredAt), "%s of seed %d", incident.Kind, world.Seed)
				assert.Equal(t, incident.Actor, entry.ActorID())
				times = append(times, entry.TriggeredAt)
			}
			assert.Equal(t, slices.MinFunc(times, time.Time.Compare), incident.From)
			assert.Equal(t, slices.MaxFunc(times, time.Time.Compare), incident.To)
			assert.Equal(t, world.Baseline.To, world.Window.From)
			assert.True(t, slices.IsSortedFunc(times, time.Time.Compare))
		}
		calm := world.Calm()
		assert.Empty(t, calm.Incidents)
		assert.Len(t, calm.Entries, len(world.Entries)-len(planted))
	}
}

func TestActorsHaveOneIncidentEach(t *testing.T) {
	t.Parallel()
	for _, world := range sampled(t) {
		actors := map[auditlog.ID]string{}
		for _, incident := range world.Incidents {
			assert.Empty(t, actors[incident.Actor], "%s has the same actor", incident.Kind)
			actors[incident.Actor] = incident.Kind
		}
	}
}

func TestIncidentsAreWhatTheirKindSays(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	const day = 24 * time.Hour
	seen := map[string]bool{}
	for _, seed := range detection.TuningSeeds() {
		world := worldOf(t, seed)
		entries := map[string]*auditlog.Entry{}
		for _, entry := range world.Entries {
			entries[entry.UUID] = entry
		}
		calm := world.Calm().Entries
		for _, incident := range world.Incidents {
			seen[incident.Kind] = true
			first := entries[incident.UUIDs[0]]
			usual := slices.DeleteFunc(slices.Clone(calm), func(e *auditlog.Entry) bool { return e.ActorID() != incident.Actor })
			switch incident.Kind {
			case "foreign_scenarios_changed", "foreign_scenarios_deleted", "webhook_repointed", "new_team_and_key", "key_then_connection",
				"others_connection_used":
				assert.NotEmpty(t, usual)
				assert.NotContains(t, teamsOf(usual), incident.Team, incident.Kind)
			case "new_actor_powers":
				assert.Empty(t, usual)
			case "dormant_returns":
				require.NotEmpty(t, usual)
				assert.Greater(t, incident.From.Sub(usual[0].TriggeredAt), 60*day)
			case "leaver":
				assert.True(t, usual[0].TriggeredAt.Before(world.Window.To.Add(-5*day)), "nothing comes after the last day")
			case "late_entries":
				assert.Greater(t, first.CreatedAt.Sub(first.TriggeredAt), 9*day)
			case "own_role_raised":
				assert.True(t, first.IsOfActor())
			case "slow_deletion":
				assert.Greater(t, incident.To.Sub(incident.From), 8*day)
				assert.Less(t, len(incident.UUIDs), 90)
			case "impossible_pace":
				assert.Less(t, incident.To.Sub(incident.From), 4*time.Minute)
				assert.GreaterOrEqual(t, len(incident.UUIDs), 150)
			}
		}
	}
	assert.Len(t, seen, 30)
}

func teamsOf(entries []*auditlog.Entry) []auditlog.ID {
	var teams []auditlog.ID
	for _, entry := range entries {
		teams = append(teams, entry.TeamID())
	}
	return teams
}

func TestBothHalvesHaveEveryKindAtLeastTwice(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	require.Len(t, detection.Kinds(), 30)
	for _, seeds := range [][]uint64{detection.TuningSeeds(), detection.HeldOutSeeds()} {
		counts := map[string]int{}
		for _, seed := range seeds {
			world := worldOf(t, seed)
			assert.GreaterOrEqual(t, len(world.Entries), 3000, "seed %d", seed)
			assert.LessOrEqual(t, len(world.Entries), 62_000, "seed %d", seed)
			for _, incident := range world.Incidents {
				counts[incident.Kind]++
			}
		}
		for _, kind := range detection.Kinds() {
			assert.GreaterOrEqual(t, counts[kind], 2, kind)
		}
	}
}

func TestPeopleWorkByDayAndOnWeekdays(t *testing.T) {
	t.Parallel()
	world := worldOf(t, medium).Calm() // a quiet one, without shifts
	services := map[auditlog.ID]bool{}
	for _, actor := range world.Catalog.Users {
		services[actor.ID] = strings.HasPrefix(string(actor.Email), "automation")
	}
	byDay, weekends, all, ofServices, ofSystem := 0, 0, 0, 0, 0
	for _, entry := range world.Entries {
		switch local := entry.TriggeredAt.In(world.Window.Location); {
		case entry.Actor == nil:
			ofSystem++
		case services[entry.Actor.ID]:
			ofServices++
		default:
			all++
			if local.Hour() >= 7 && local.Hour() < 19 {
				byDay++
			}
			if local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
				weekends++
			}
		}
	}
	assert.Greater(t, float64(byDay)/float64(all), 0.75, "but for those in other zones")
	assert.Less(t, byDay, all)
	assert.Less(t, float64(weekends)/float64(all), 0.05)
	assert.Positive(t, weekends)
	assert.Positive(t, ofServices)
	assert.Positive(t, ofSystem)
}

func TestOnlyEventsOfTheCatalogHappen(t *testing.T) {
	t.Parallel()
	for _, world := range sampled(t) {
		events, actors, teams := map[auditlog.Text]bool{}, map[auditlog.ID]bool{}, map[auditlog.ID]bool{"": true}
		for _, event := range world.Catalog.Events {
			events[event.Value] = true
		}
		for _, actor := range world.Catalog.Users {
			actors[actor.ID] = true
		}
		for _, team := range world.Catalog.Teams {
			teams[team.ID] = true
		}
		for _, entry := range world.Calm().Entries {
			assert.True(t, events[entry.Event], entry.Event)
			assert.True(t, entry.Actor == nil || actors[entry.ActorID()], entry.ActorID())
			assert.True(t, teams[entry.TeamID()], entry.TeamID())
		}
	}
}

// perfect is a detector that was told.
func perfect(_ context.Context, world *detection.World) ([]detection.Finding, error) {
	var findings []detection.Finding
	for _, incident := range world.Incidents {
		findings = append(findings, detection.Finding{Rule: incident.Kind, Severity: incident.Level, Actor: incident.Actor,
			From: incident.From, To: incident.To, Evidence: incident.UUIDs})
	}
	return findings, nil
}

func TestADetectorThatWasToldScoresOne(t *testing.T) {
	t.Parallel()
	outcomes, err := detection.Evaluate(t.Context(), perfect, []uint64{0, medium})
	require.NoError(t, err)
	score := detection.ScoreOf(outcomes)
	all := len(outcomes[0].World.Incidents) + len(outcomes[1].World.Incidents)
	for _, ratio := range []detection.Ratio{score.Recall, score.Precision, score.PrecisionOfAll, score.Weighed} {
		assert.Equal(t, detection.Ratio{Part: all, Whole: all}, ratio)
	}
	assert.Empty(t, outcomes[0].Calm)
	var mistakes strings.Builder
	require.NoError(t, detection.Mistakes(&mistakes, outcomes))
	assert.Empty(t, mistakes.String())
}

func TestAFindingTellsOfAnIncidentByItsEvidence(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, time.May, 3, 9, 0, 0, 0, time.UTC)
	incident := detection.Incident{Actor: "1", From: at, To: at.Add(time.Hour), UUIDs: []string{"a", "b", "c", "d", "e", "f"}}
	finding := func(actor auditlog.ID, from time.Time, evidence ...string) detection.Finding {
		return detection.Finding{Actor: actor, From: from, To: from.Add(time.Minute), Evidence: evidence}
	}
	for name, one := range map[string]struct {
		finding detection.Finding
		tells   bool
	}{
		"half of the evidence, whoever it names":     {finding("2", at, "a", "x"), true},
		"less than half, and another's":              {finding("2", at, "a", "b", "x", "y", "z"), false},
		"less than half, but a fifth of the actor's": {finding("1", at, "a", "b", "x", "y", "z"), true},
		"less than half, and less than a fifth":      {finding("1", at, "a", "x", "y"), false},
		"of the actor, at another time":              {finding("1", at.Add(2*time.Hour), "a", "b", "x", "y", "z"), false},
		"of the actor, before it":                    {finding("1", at.Add(-2*time.Hour), "a", "b", "x", "y", "z"), false},
		"of the actor and time, of other entries":    {finding("1", at, "x"), false},
		"without evidence":                           {finding("1", at), false},
	} {
		assert.Equal(t, one.tells, one.finding.Tells(&incident), name)
	}
}

func TestScoresCountMissedWrongAndCalmFindings(t *testing.T) {
	t.Parallel()
	world := worldOf(t, medium)
	of := func(incident detection.Incident, rule string, severity detection.Level) detection.Finding {
		return detection.Finding{Rule: rule, Severity: severity, Actor: incident.Actor, From: incident.From, To: incident.To,
			Evidence: incident.UUIDs}
	}
	critical := slices.IndexFunc(world.Incidents, func(i detection.Incident) bool { return i.Level == detection.LevelCritical })
	require.NotEqual(t, -1, critical)
	other := world.Incidents[(critical+1)%len(world.Incidents)]
	calm := world.Calm().Entries[0]
	wrong := detection.Finding{Rule: "loud", Severity: detection.LevelHigh, From: calm.TriggeredAt, To: calm.TriggeredAt,
		Evidence: []string{calm.UUID}}
	score := detection.ScoreOf([]detection.Outcome{{World: world, Calm: []detection.Finding{wrong}, Findings: []detection.Finding{
		of(world.Incidents[critical], "sharp", detection.LevelMedium), // found, and weighed too little
		of(other, "quiet", detection.LevelLow),                        // told of, but not found
		wrong,
	}}})
	all := len(world.Incidents)
	assert.Equal(t, detection.Ratio{Part: 1, Whole: all}, score.Recall)
	assert.Equal(t, detection.Ratio{Part: 0, Whole: all}, score.Weighed)
	assert.Equal(t, detection.Ratio{Part: 1, Whole: 2}, score.Precision)
	assert.Equal(t, detection.Ratio{Part: 2, Whole: 3}, score.PrecisionOfAll)
	rules := map[string]detection.RuleScore{}
	for _, rule := range score.Rules {
		rules[rule.Rule] = rule
	}
	assert.Equal(t, map[string]detection.RuleScore{
		"loud":  {Rule: "loud", Precision: detection.Ratio{Whole: 1}, PrecisionOfAll: detection.Ratio{Whole: 1}, Calm: 1},
		"quiet": {Rule: "quiet", PrecisionOfAll: detection.Ratio{Part: 1, Whole: 1}},
		"sharp": {Rule: "sharp", Precision: detection.Ratio{Part: 1, Whole: 1}, PrecisionOfAll: detection.Ratio{Part: 1, Whole: 1}},
	}, rules)
	assert.Equal(t, []string{"loud", "quiet", "sharp"}, slices.Sorted(maps.Keys(rules)))
}

func TestMistakesSayWhatWasMissedAndWhatWasWrong(t *testing.T) {
	t.Parallel()
	world := worldOf(t, 0)
	calm := world.Calm().Entries[0]
	at := time.Date(2027, time.May, 3, 9, 0, 0, 0, time.UTC)
	wrong := detection.Finding{Rule: "loud", Severity: detection.LevelHigh, Actor: "5", From: at, To: at, Evidence: []string{calm.UUID}}
	var mistakes strings.Builder
	require.NoError(t, detection.Mistakes(&mistakes, []detection.Outcome{
		{World: world, Findings: []detection.Finding{wrong}, Calm: []detection.Finding{wrong}}}))
	lines := strings.Split(strings.TrimSpace(mistakes.String()), "\n")
	require.Len(t, lines, 4, "two incidents were missed")
	assert.True(t, strings.HasPrefix(lines[0], "seed 0 missed "+world.Incidents[0].Kind+" ("+world.Incidents[0].Level.String()+")"), lines[0])
	assert.Equal(t, `seed 0 wrong loud (high) of actor "5", 2027-05-03T09:00:00Z to 2027-05-03T09:00:00Z, 1 entries`, lines[2])
	assert.Equal(t, `seed 0 calm loud (high) of actor "5", 2027-05-03T09:00:00Z to 2027-05-03T09:00:00Z, 1 entries`, lines[3])
}

func TestThePageSaysWhatWasMeasured(t *testing.T) {
	t.Parallel()
	outcomes, err := detection.Evaluate(t.Context(), perfect, []uint64{0})
	require.NoError(t, err)
	outcomes[0].Took = 1250 * time.Millisecond
	var page strings.Builder
	require.NoError(t, detection.Report(&page, "tuning", outcomes))
	assert.Contains(t, page.String(), "Printed by `scripts/detection tuning`")
	assert.Contains(t, page.String(), "| recall, incidents of at least medium | 1.00 (2 of 2) |")
	assert.Contains(t, page.String(), "| 0 | 5 | ")
	assert.Contains(t, page.String(), " | 2 | 2 | 2 | 0.0 | 0.0 | 0.0 | 1.25 | 2 teams, Europe/Prague, ")
	assert.Contains(t, page.String(), "| mass_deletion | 1.00 (0 of 0) |")
}

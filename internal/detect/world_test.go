package detect_test

import (
	"fmt"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/makesim"
)

// detector is the detector of all tests, since loading its rules takes longer than judging a little world.
var detector = sync.OnceValues(func() (*detect.Detector, error) { return detect.New() })

// cast are the people of the rules' tests; stranger and the like are in no baseline.
func cast(name string) *auditlog.Actor {
	ids := map[string]auditlog.ID{"ada": "5", "boss": "6", "sync": "7", "sleeper": "8", "stranger": "9"}
	id, ok := ids[name]
	if !ok {
		return nil
	}
	if name == "sync" {
		name = "svc-sync"
	}
	return &auditlog.Actor{ID: id, Name: auditlog.Text(name), Email: auditlog.Text(name + "@example.com")}
}

// wednesday is when the rules' tests begin.
func wednesday() time.Time { return time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC) }

// world is the log of some people's usual work, and of what a test lets them do: ada and the sleeper work in a team called home, boss in
// another and gives roles now and then, sync round the clock.
func world(done []ruleEntry) *detect.Log {
	start := time.Date(2026, 11, 14, 0, 0, 0, 0, time.UTC)
	log := &detect.Log{Window: auditlog.Window{From: start, To: start.AddDate(0, 0, 14), Location: time.UTC},
		Baseline: auditlog.Window{From: start.AddDate(0, 0, -90), To: start, Location: time.UTC}, Catalog: documented()}
	number := 0
	add := func(who string, at time.Time, event auditlog.Text, team, target string, lag time.Duration) {
		number++
		entry := &auditlog.Entry{UUID: fmt.Sprintf("uuid-%05d", number), TriggeredAt: at, CreatedAt: at.Add(lag), Event: event,
			Actor: cast(who), TargetID: auditlog.Text(target)}
		if team != "none" {
			entry.Team = &auditlog.Ref{ID: auditlog.ID(team), Name: auditlog.Text(team)}
		}
		log.Entries = append(log.Entries, entry)
	}
	for day := range 90 {
		at := start.AddDate(0, 0, day-90)
		for hour := 0; hour < 24; hour += 4 {
			add("sync", at.Add(time.Duration(hour)*time.Hour), "data_store_record_updated", "home", "rec", 0)
		}
		if weekday := at.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			continue
		}
		for _, hour := range []int{8, 11, 14, 17} {
			at := at.Add(time.Duration(hour)*time.Hour + time.Duration(day)*time.Minute/2)
			add("ada", at, "scenario_updated", "home", "1001", time.Second)
			add("boss", at.Add(time.Minute), "scenario_updated", "other", "1002", time.Second)
			if day < 15 {
				add("sleeper", at, "scenario_updated", "home", "1003", time.Second)
			}
		}
		if day%20 == 3 {
			add("boss", at.Add(12*time.Hour), "team_role_updated", "other", "77", time.Second)
		}
	}
	at := wednesday()
	for _, one := range done {
		who, team := one.Actor, one.Team
		if who == "" {
			who = "ada"
		}
		if team == "" {
			team = map[string]string{"boss": "other"}[who]
		}
		if team == "" {
			team = "home"
		}
		at = at.Add(one.After)
		begin := at
		if one.Before > 0 {
			begin = wednesday().Add(-one.Before)
		}
		every := max(one.Every, time.Second)
		for i := range max(one.Times, 1) {
			target := one.Target
			switch {
			case cast(target) != nil:
				target = string(cast(target).ID)
			case target == "":
				target = fmt.Sprint(5000 + len(log.Entries))
			case one.Times > 1 && (target == "mine" || target == "mover"):
				target = fmt.Sprintf("%s-%d", target, i)
			}
			add(who, begin.Add(time.Duration(i)*every), one.Event, team, target, max(one.Lag, time.Second))
		}
		if one.Before == 0 {
			at = at.Add(time.Duration(max(one.Times, 1)) * every)
		}
	}
	return log
}

// documented is the catalog that Make documents.
func documented() *auditlog.Catalog {
	catalog := &auditlog.Catalog{}
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			catalog.Events = append(catalog.Events, auditlog.Event{Value: auditlog.Text(event.Value), Label: auditlog.Text(event.Label),
				Category: auditlog.Text(category.Header)})
		}
	}
	return catalog
}

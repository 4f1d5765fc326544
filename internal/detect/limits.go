package detect

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// Limit names a number that something is measured by.
type Limit string

// The limits; [DescribeLimits] says what each means.
const (
	MinBaselineEntries Limit = "min_baseline_entries"
	MinBaselineDays    Limit = "min_baseline_days"
	MinUsualDays       Limit = "min_usual_days"
	UsualHourShare     Limit = "usual_hour_share"
	UsualWeekdayShare  Limit = "usual_weekday_share"
	LongestPauseHours  Limit = "longest_pause_hours"
	FarOutsideHours    Limit = "far_outside_hours"
	MinOutside         Limit = "min_outside"
	MinCrowd           Limit = "min_crowd"
	QuietShare         Limit = "quiet_share"
	SpreadFactor       Limit = "spread_factor"
	PeakFactor         Limit = "peak_factor"
	MinHourEntries     Limit = "min_hour_entries"
	MinDayEntries      Limit = "min_day_entries"
	MinServiceEntries  Limit = "min_service_entries"
	MinTeamEntries     Limit = "min_team_entries"
	MinPace            Limit = "min_pace"
	MinSlowDays        Limit = "min_slow_days"
	MinSlowEntries     Limit = "min_slow_entries"
	SlowSpanDays       Limit = "slow_span_days"
	NewForDays         Limit = "new_for_days"
	NewActorDays       Limit = "new_actor_days"
	ManyForeign        Limit = "many_foreign"
	FewForeign         Limit = "few_foreign"
	NewcomerAccess     Limit = "newcomer_access"
	AnnouncedHours     Limit = "announced_hours"
	MakeshiftDays      Limit = "makeshift_days"
	NightPauseHours    Limit = "night_pause_hours"
	LeavingDays        Limit = "leaving_days"
	PromotedDays       Limit = "promoted_days"
	SharedBy           Limit = "shared_by"
	SharedDays         Limit = "shared_days"
	MergeHours         Limit = "merge_hours"
	MinLateHours       Limit = "min_late_hours"
	MinLullDays        Limit = "min_lull_days"
	MinLullHours       Limit = "min_lull_hours"
	LullFactor         Limit = "lull_factor"
	MinLullEntries     Limit = "min_lull_entries"
)

// Limits are the numbers in use.
type Limits map[Limit]float64

// LimitInfo says what a limit means, and where its value comes from.
type LimitInfo struct {
	Limit   Limit
	Value   float64
	Meaning string
	Source  string
}

// Where limits come from.
const (
	runReveal = "RunReveal's anomaly of actors (ueba_actor_anomaly.sql)"
	tuned     = "tuned on the generated organizations of bench/detection, seeds for tuning"
	judgement = "judgement"
)

// DescribeLimits returns all limits with their default values.
func DescribeLimits() []LimitInfo {
	return []LimitInfo{
		{MinBaselineEntries, 30, "entries that somebody's baseline needs before anything is new or unusual", "RunReveal asks for 20 to 72"},
		{MinBaselineDays, 10, "days with entries that somebody's baseline needs", "two weeks of work"},
		{MinUsualDays, 2, "days of the baseline on which an hour or weekday must have been worked in to be usual", judgement},
		{UsualHourShare, 0.05, "share of somebody's days on which an hour must have been worked in to be usual", judgement},
		{UsualWeekdayShare, 0.2, "share of the busiest weekday's days on which a weekday must have been worked on to be usual", judgement},
		{LongestPauseHours, 4, "hours without work that do not divide usual hours", judgement},
		{FarOutsideHours, 2, "hours between usual hours and what lies far outside them", tuned},
		{MinOutside, 3, "entries far outside usual hours, within one night, that are worth a finding", "RunReveal asks for 10 entries"},
		{MinCrowd, 4, "people who must act on a busy day of the baseline before a day can be quiet", judgement},
		{QuietShare, 0.25, "share of a busy day's people who act on a weekend or holiday", judgement},
		{SpreadFactor, 1.5, "a volume is unusual beyond the median + 3 * max(1, this * the quartiles' distance)", runReveal},
		{PeakFactor, 1.5, "and beyond this times the most that the baseline has", tuned},
		{MinHourEntries, 25, "entries of a person within 60 minutes that can be many", "RunReveal asks for 20"},
		{MinDayEntries, 30, "entries of a person on a day that can be many", "RunReveal asks for 20"},
		{MinServiceEntries, 6, "entries of a service account within 60 minutes that can be many", tuned},
		{MinTeamEntries, 100, "entries of a team or organization on a day that can be many", judgement},
		{MinPace, 60, "entries of a person within two minutes that no hand makes", "one action every two seconds"},
		{MinSlowDays, 4, "days with rare, weighty events of one sort that add up", tuned},
		{MinSlowEntries, 8, "such entries in all", tuned},
		{SlowSpanDays, 14, "days within which they add up", tuned},
		{NewForDays, 3, "days that an event, a team or a return counts as new", judgement},
		{NewActorDays, 7, "days that an actor counts as new", judgement},
		{ManyForeign, 3, "objects changed, or deleted, in a team that is new for somebody that are many", tuned},
		{FewForeign, 2, "changes to ways in from outside in such a team that are many", tuned},
		{NewcomerAccess, 2, "entries that give access among the first of a new actor that are many", judgement},
		{AnnouncedHours, 24, "hours that something must have been switched off for its deletion to be announced", judgement},
		{MakeshiftDays, 7, "days within which who made something may delete it", judgement},
		{NightPauseHours, 6, "hours of pause that divide work outside usual hours into nights", judgement},
		{LeavingDays, 10, "days before the removal from a team in which somebody counts as leaving", judgement},
		{PromotedDays, 30, "days after somebody was given a role in which new work is expected of them", judgement},
		{SharedBy, 3, "people for whom the same must be new to be a change of the organization", runReveal},
		{SharedDays, 14, "days within which it is new for them", tuned},
		{MergeHours, 24, "hours between signals of one actor that are told as one finding", "a day, as the work of one"},
		{MinLateHours, 48, "hours after which an entry can be written down late", judgement},
		{MinLullDays, 20, "days with entries that a log's baseline needs before a time without any stands out", judgement},
		{MinLullHours, 6, "hours without any entry that can stand out", judgement},
		{LullFactor, 2, "and beyond this times the longest time without any in the baseline", "four days off are less than two weekends"},
		{MinLullEntries, 20, "and as long as this many entries take on the average of the baseline", tuned},
	}
}

// DefaultLimits are the limits where nobody set others.
func DefaultLimits() Limits {
	limits := Limits{}
	for _, info := range DescribeLimits() {
		limits[info.Limit] = info.Value
	}
	return limits
}

// with returns the limits with some of them set, as a document has them.
func (l Limits) with(value any) (Limits, error) {
	set, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("baseline is a map of limits, for example baseline: {min_outside: 5}")
	}
	limits := maps.Clone(l)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if _, known := limits[Limit(name)]; !known {
			return nil, fmt.Errorf("baseline: there is no limit %q; the limits are %v, for example min_outside: 5", name,
				slices.Sorted(maps.Keys(limits)))
		}
		number, err := strconv.ParseFloat(fmt.Sprint(set[name]), 64)
		if err != nil || !(number >= 0) || math.IsInf(number, 0) {
			return nil, fmt.Errorf("baseline: %s is %v; a limit is a number from 0 on, for example %s: %v", name, set[name], name,
				limits[Limit(name)])
		}
		limits[Limit(name)] = number
	}
	return limits, nil
}

// spread is how numbers are spread.
type spread struct{ median, upper, distance, most float64 }

func spreadOf(counts []float64) spread {
	if len(counts) == 0 {
		return spread{}
	}
	slices.Sort(counts)
	quantile := func(q float64) float64 { return counts[int(q*float64(len(counts)-1))] }
	return spread{median: quantile(0.5), upper: quantile(0.75), distance: quantile(0.75) - quantile(0.25), most: counts[len(counts)-1]}
}

// beyond returns the number that another must exceed to be unusual: at least a floor.
func (s spread) beyond(floor float64, limits Limits) float64 {
	const deviations = 3
	return max(floor, s.median+deviations*max(1, limits[SpreadFactor]*s.distance), limits[PeakFactor]*s.most)
}

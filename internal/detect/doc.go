// Package detect finds what stands out of a log, of one actor's or of everybody's: against the time before, and by rules.
//
// It judges entries that it is given and reads none. A [Log] says which are the window's and which the baseline's; the entries of the
// window are never part of their own baseline. The log is taken apart once (log.go, nature.go, actor.go, circumstances.go), then judged on
// two legs:
//   - baselines, in Go: hours (hours.go), novelty, slow repetition and other people's teams (novelty.go), pace and volume (volume.go);
//   - rules, in Sigma's format: those of the directory rules, and whatever directories [New] is given. [Fields] are what rules look at.
//
// What they see are signals. Signals of one actor that lie within a day's work of each other are one [Finding], and raise each other where
// they are about different things: two of one severity make one of the next (merge.go). Every number that a finding states was computed
// from the entries, with the threshold beside it; its reason holds no text of the log. The thresholds are [Limits].
//
// Beyond Sigma's, a rule may have these keys:
//   - next_step: what to do about a match;
//   - habit: of an event_count or value_count, how many times as much there must be as the most in the actor's own baseline;
//   - tests: what must match and what must not, for the rules that come with the program.
//
// A rule without a level that a correlation refers to is only a part of it. Of level informational it is told only beside something else.
// Documents of a directory that are no rules may set limits and silence what is known:
//
//	baseline: {min_outside: 5}
//	suppress:
//	  - {rule: many_deletions, actor: ada@example.com, until: 2026-12-31, why: cleanup of the old project, by: grace@example.com}
package detect

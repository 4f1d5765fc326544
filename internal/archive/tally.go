package archive

import (
	"cmp"
	"context"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// tally calls yield with the bins of a query, as auditlog.Tallier has it.
func (v *view) tally(ctx context.Context, q *auditlog.Query, by auditlog.TallyBy, yield func(auditlog.Bin)) error {
	of, err := v.selection(ctx, q)
	if err != nil {
		return err
	}
	news, err := v.lacking(ctx, v.news(q))
	if err != nil {
		return err
	}
	targets := func(int32) auditlog.Text { return "" }
	if by.Target {
		if targets, err = v.targetsIn(ctx, of); err != nil {
			return err
		}
	}
	grouping := Grouping{Actor: by.Actor, Team: by.Team, Target: by.Target, Event: by.Event, Unit: unitOf(by.Clock)}
	err = v.rows.counts(ctx, *of, grouping, v.stretches(of, q, by), func(c *Count) error {
		bin, err := v.bin(c)
		if err != nil {
			return err
		}
		bin.Entry.TargetID = targets(c.Target)
		for len(news) > 0 && news[0].TriggeredAt.After(bin.Last) {
			yield(auditlog.BinOf(news[0]))
			news = news[1:]
		}
		yield(bin)
		return nil
	})
	if err != nil {
		return err
	}
	for _, entry := range news {
		yield(auditlog.BinOf(entry))
	}
	return nil
}

// bin is a count in words, but for its target.
func (v *view) bin(c *Count) (bin auditlog.Bin, err error) {
	isIn := func(id int32, d Dictionary) bool { return id >= 0 && int(id) <= v.signed[d].Count }
	if !isIn(c.Actor, Actors) || !isIn(c.Team, Refs) || !isIn(c.Event, Events) || !isIn(c.Target, Targets) {
		return bin, v.archive.refused(nil, "an entry refers to what is not in it")
	}
	w := v.words
	return auditlog.Bin{
		Entry: auditlog.Entry{TriggeredAt: fromMicros(c.Last), Event: w.event(c.Event), Actor: w.actor(c.Actor), Team: w.ref(c.Team)},
		Count: int(c.Rows), First: fromMicros(c.First), Last: fromMicros(c.Last),
	}, nil
}

// targetsIn are the ids of the targets of a selection.
func (v *view) targetsIn(ctx context.Context, of *Selection) (func(int32) auditlog.Text, error) {
	all, areHeld, err := v.archive.targets(ctx, v.signed)
	if err != nil || areHeld {
		return func(id int32) auditlog.Text { return wordOf(all, id) }, err
	}
	var ids []int32
	if err := v.count(ctx, *of, Targets.grouping(), func(c *Count) { ids = append(ids, c.Target) }); err != nil {
		return nil, err
	}
	return v.textsOf(ctx, ids)
}

// count calls yield with the counts of a selection, whatever the clock.
func (v *view) count(ctx context.Context, of Selection, by Grouping, yield func(*Count)) error {
	return v.rows.counts(ctx, of, by, []stretch{{Range: anywhere()}}, func(c *Count) error {
		yield(c)
		return nil
	})
}

// lacking are those of some entries that the view's rows lack. A sync may have stored them since, in rows of later views.
func (v *view) lacking(ctx context.Context, some []*auditlog.Entry) ([]*auditlog.Entry, error) {
	keys := make([]Key, len(some))
	for i, entry := range some {
		keys[i] = keyOf(entry)
	}
	here := map[Key]bool{}
	for row, err := range v.archive.store.RowsOf(ctx, v.log, keys) {
		if err != nil {
			return nil, err
		}
		here[row.Key] = row.ID < v.rows.end()
	}
	var lacking []*auditlog.Entry
	for i, entry := range some {
		if !here[keys[i]] {
			lacking = append(lacking, entry)
		}
	}
	return lacking, nil
}

// stretch is a part of time in which local time is so many microseconds ahead of UTC.
type stretch struct {
	Range
	offset int64
}

// unitOf is how many microseconds a clock tells apart; 0: time is not distinguished.
func unitOf(clock auditlog.Clock) int64 {
	units := map[auditlog.Clock]time.Duration{auditlog.ByDate: 24 * time.Hour, auditlog.ByHour: time.Hour, auditlog.ByMinute: time.Minute}
	return units[clock].Microseconds()
}

// stretches are those of a tally over a selection, newest first: they are parted where it splits, and where local time jumps, so that a
// date or an hour may be told apart into two there.
func (v *view) stretches(of *Selection, q *auditlog.Query, by auditlog.TallyBy) (over []stretch) {
	all := v.rows.whole()
	if all.Rows == 0 {
		return nil
	}
	// Zones have jumped for ever, and will.
	left := of.At.within(Range{all.First, all.Last + 1})
	if left.From >= left.To {
		return nil
	}
	split := left.From
	if !by.Split.IsZero() {
		split = inMicros(by.Split, by.Split).From
	}
	location := cmp.Or(q.Window.Location, time.UTC)
	for left.From < left.To {
		next := stretch{Range: left}
		if by.Clock != auditlog.NoClock {
			last := fromMicros(left.To - 1).In(location)
			_, seconds := last.Zone()
			next.offset = int64(seconds) * time.Second.Microseconds()
			if begin, _ := last.ZoneBounds(); !begin.IsZero() {
				next.From = max(next.From, begin.UnixMicro())
			}
		}
		if split > next.From && split < next.To {
			next.From = split
		}
		over = append(over, next)
		left.To = next.From
	}
	return over
}

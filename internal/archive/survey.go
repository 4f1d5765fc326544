package archive

import (
	"bytes"
	"context"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Survey is what an archive says of itself, without a look at entries.
type Survey struct {
	// Records counts those of all logs.
	Records int64
	// Checkpoint is the last one; nil before the first sync.
	Checkpoint *Checkpoint
	Logs       []SurveyedLog
}

// SurveyedLog is how far a log is filled.
type SurveyedLog struct {
	LogKey
	Name    auditlog.Text
	Entries int
	// AsOf is the instant up to which it is filled, by Make's clock; zero while its first fill goes on, which began at Since.
	AsOf, Since time.Time
	Gaps        int
	// Written is when the entry that was written last was; zero without entries.
	Written time.Time
	// Pulse is what a time without entries is measured by; nil where that is not known.
	Pulse *auditlog.Pulse
}

// Survey tells of all logs. That the archive cannot be read, or not be believed, is an error. It reads what every question reads, and of
// each log some hundred bytes more.
func (a *Archive) Survey(ctx context.Context) (*Survey, error) {
	survey := &Survey{}
	err := a.store.Snapshot(ctx, func(from Reads) error {
		h, err := a.headIn(ctx, from)
		if err != nil {
			return err
		}
		logs, err := from.Logs(ctx, LogKey{})
		if err != nil {
			return err
		}
		if len(logs) != len(h.Logs) {
			return a.refused(nil, "it has %d logs, and %d were signed", len(logs), len(h.Logs))
		}
		survey.Records, survey.Checkpoint = h.Tree.Size, h.checkpoint
		for i := range logs {
			one, err := a.surveyed(h, &logs[i])
			if err != nil {
				return err
			}
			survey.Logs = append(survey.Logs, one)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return survey, nil
}

func (a *Archive) surveyed(h *head, log *Log) (SurveyedLog, error) {
	if log.Number < 1 || log.Number > int64(len(h.Logs)) || h.log(log.Number).LogKey != log.LogKey ||
		!bytes.Equal(sumOf(log.State), h.log(log.Number).State) {
		return SurveyedLog{}, a.refused(nil, "the log of organization %s is not as it was signed", auditlog.Text(log.Organization).Clean())
	}
	state, err := a.stateOf(log)
	if err != nil {
		return SurveyedLog{}, err
	}
	signed := h.log(log.Number)
	one := SurveyedLog{LogKey: log.LogKey, Name: state.Name, Entries: signed.Rows, AsOf: state.AsOf, Gaps: len(state.Gaps),
		Pulse: state.Pulse}
	if signed.Written != 0 {
		one.Written = fromMicros(signed.Written)
	}
	if state.AsOf.IsZero() && state.Fill != nil {
		one.Since = state.Fill.At
	}
	return one, nil
}

// CanRead returns why the archive cannot be read; nil if it can.
func (a *Archive) CanRead(ctx context.Context) error {
	_, err := a.lastHead(ctx)
	return err
}

// pulseOver is how much time a log's pulse is of.
const pulseOver = 90 * 24 * time.Hour

// pulse is what a log's rows show of how often it has entries; nil where some may be missing.
func (a *Archive) pulse(ctx context.Context, log int64, state *logState, rows rowSet) (*auditlog.Pulse, error) {
	span := auditlog.Span{From: state.AsOf.Add(-pulseOver), To: state.AsOf}
	if state.From.After(span.From) {
		span.From = state.From
	}
	if len(state.Doubts) > 0 || state.From.IsZero() || !span.From.Before(span.To) {
		return nil, nil
	}
	var bins []auditlog.Activity // the newest first
	of := Selection{Log: log, IDs: anywhere(), At: Range{micros(span.From), micros(span.To)}}
	err := rows.counts(ctx, of, Grouping{Unit: time.Hour.Microseconds()}, []stretch{{Range: anywhere()}}, func(c *Count) error {
		bins = append(bins, auditlog.Activity{First: fromMicros(c.First), Last: fromMicros(c.Last), Entries: int(c.Rows)})
		return nil
	})
	slices.Reverse(bins)
	pulse := auditlog.PulseOf(slices.Values(bins), auditlog.Without(span, state.Gaps, state.Unreadable))
	return &pulse, err
}

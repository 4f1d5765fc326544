package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
)

// SuspicionRequest says which findings are wanted.
type SuspicionRequest struct {
	// MinSeverity is the least that is wanted; empty is all.
	MinSeverity string
	// Rules are the names of those that are wanted; empty is all.
	Rules []string
	// BaselineDays is how long the time before the window is that it is measured by; 0 is DefaultBaselineDays.
	BaselineDays int
}

// Suspicions are what stands out of a window.
type Suspicions struct {
	detect.Report
	Baseline Baseline
	// Read is what the window's part of the answer rests on.
	Read auditlog.Report
}

// Suspicions judges a query's window against the time before it. A query that names actors is judged by what these did alone; teams, events
// and objects choose among the findings, since what others did tells whether something is unusual.
func (s *Service) Suspicions(ctx context.Context, q auditlog.Query, request SuspicionRequest) (*Suspicions, error) {
	for _, wanted := range request.Rules {
		if known := s.Detector.Names(); !slices.Contains(known, wanted) {
			return nil, &UnknownRuleError{Name: wanted, Known: known}
		}
	}
	key := suspicionsKey(&q, request)
	if found := recall(ctx, key); found != nil {
		return found, nil
	}
	catalog, err := s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return nil, err
	}
	days := request.BaselineDays
	if days == 0 {
		days = DefaultBaselineDays
	}
	log := &detect.Log{
		Window: q.Window, Baseline: question.DaysBefore(q.Window, days), Catalog: catalog, Zone: s.zonesOf(ctx, q.Organization.ID),
		OneActor: len(q.Actors) > 0 || q.System,
	}
	all := auditlog.Query{Organization: q.Organization, Window: q.Window, Actors: q.Actors, System: q.System, WithDetails: true}
	all.Window.From = log.Baseline.From
	read, err := s.Reader.Read(ctx, all, func(entry *auditlog.Entry) bool {
		log.Entries = append(log.Entries, entry)
		return true
	})
	if err != nil {
		return nil, err
	}
	log.Read = read
	found, err := s.Detector.Find(ctx, log)
	if err != nil {
		return nil, err
	}
	suspicions := &Suspicions{Report: *found, Read: read.Within(q.Window), Baseline: Baseline{
		Window: log.Baseline, Days: days, Entries: found.BaselineEntries, Report: read.Within(log.Baseline),
	}}
	suspicions.Findings = slices.DeleteFunc(suspicions.Findings, func(f detect.Finding) bool {
		return request.MinSeverity != "" && !f.Severity.AtLeast(detect.Severity(request.MinSeverity)) ||
			len(request.Rules) > 0 && !slices.ContainsFunc(request.Rules, f.IsOf) ||
			!f.IsOfNobody() && !slices.ContainsFunc(f.Evidence, q.MatchesFilters)
	})
	memorize(ctx, key, suspicions)
	return suspicions, nil
}

// zonesOf returns the zones that people live in, as far as Make tells them and this machine knows them.
func (s *Service) zonesOf(ctx context.Context, organization auditlog.ID) func(auditlog.ID) *time.Location {
	return func(actor auditlog.ID) *time.Location {
		zone, err := question.ParseLocation(s.Directory.UserTimezone(ctx, organization, actor))
		if err != nil {
			return nil
		}
		return zone
	}
}

// UnknownRuleError says that there is no rule of a name.
type UnknownRuleError struct {
	Name  string
	Known []string
}

func (e *UnknownRuleError) Error() string {
	text := "there is no rule " + auditlog.Text(e.Name).Quote()
	if near := question.Nearest(e.Name, e.Known, 1); len(near) > 0 {
		text += "; did you mean " + near[0] + "?"
	}
	const shown = 100
	text += "; accepted: " + strings.Join(e.Known[:min(len(e.Known), shown)], ", ")
	if more := len(e.Known) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// CallersMistake reports that other arguments would help.
func (*UnknownRuleError) CallersMistake() bool { return true }

package analysis

import (
	"context"
	"fmt"
	"slices"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
)

// PersonFindings are the findings about somebody, in short.
type PersonFindings struct {
	Total    int
	Severest detect.Severity
	// Rules tell them, the severest first, each once.
	Rules []string
}

// maxJudged is how many entries are judged on the side, where findings are not what was asked for.
const maxJudged = 100_000

// findingsOfPeople returns the findings of a window by whom they are about; note says why they were not looked for. They rest on what
// everybody did, which is worth no calls to Make where only some teams were asked about. read says how far the log was read for the people.
func (s *Service) findingsOfPeople(ctx context.Context, q auditlog.Query, read *People) (of map[auditlog.ID]*PersonFindings, note string,
	err error) {
	judged := q
	judged.Window.From = question.DaysBefore(q.Window, DefaultBaselineDays).From
	switch {
	case s.Detector == nil:
		return nil, "", nil
	case len(q.Teams) > 0:
		return nil, "findings were left out, since they rest on what other teams did as well", nil
	case !read.Report.Exhausted || !read.Before.Within(judged.Window).Exhausted:
		// What seems new may only be unseen, and asking again would cost the calls that just failed.
		return nil, "findings were left out, since the log could not be read back to the beginning of their baseline", nil
	}
	count := 0
	if _, err := s.tally(ctx, judged, auditlog.TallyBy{}, func(b auditlog.Bin) { count += b.Count }); err != nil {
		return nil, "", err
	}
	if count > maxJudged {
		return nil, fmt.Sprintf("findings were left out, since window and baseline have %d entries", count), nil
	}
	found, err := s.Suspicions(ctx, q, SuspicionRequest{})
	if err != nil {
		return nil, "", err
	}
	of = map[auditlog.ID]*PersonFindings{}
	for i := range found.Findings {
		f := &found.Findings[i] // the severest come first
		if f.Actor == nil {
			continue
		}
		about := of[f.Actor.ID]
		if about == nil {
			about = &PersonFindings{Severest: f.Severity}
			of[f.Actor.ID] = about
		}
		about.Total++
		if !slices.Contains(about.Rules, f.Rule) {
			about.Rules = append(about.Rules, f.Rule)
		}
	}
	return of, "", nil
}

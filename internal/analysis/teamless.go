package analysis

import (
	"context"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// CountKeptOutByNoTeam counts what a question for entries without a team keeps out because they have one: of the events that happen without
// one as well, or of all that it names where none of them does. It is 0 where teams are named too.
func (s *Service) CountKeptOutByNoTeam(ctx context.Context, q auditlog.Query, hours question.Hours,
	weekdays question.Weekdays) (int, error) {
	if !q.NoTeam || len(q.Teams) > 0 {
		return 0, nil
	}
	q.NoTeam = false
	counting, err := s.Count(ctx, q, CountRequest{GroupBy: []Dimension{GroupByEvent, GroupByTeam}, Hours: hours, Weekdays: weekdays})
	if err != nil {
		return 0, err
	}
	isTeamless := map[string]bool{}
	for _, group := range counting.Groups {
		if group.Values[1].ID == "" {
			isTeamless[group.Values[0].ID] = true
		}
	}
	keptOut := 0
	for _, group := range counting.Groups {
		isAlike := isTeamless[group.Values[0].ID] || len(isTeamless) == 0 && len(q.Events) > 0
		if group.Values[1].ID != "" && isAlike {
			keptOut += group.Count
		}
	}
	return keptOut, nil
}

package tools

import (
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// All returns every tool that there is, in the order in which the server's instructions name them.
func All() []Tool {
	return []Tool{
		countAuditLogs(),
		findSuspiciousActivity(),
		listPeople(),
		getActorActivity(),
		getTargetHistory(),
		listAuditLogs(),
		getAuditLog(),
		listAuditLogFilters(),
		listOrganizations(),
	}
}

// Answers says which questions the tools answer, for the server's instructions.
func Answers(tools []Tool) string {
	var parts []string
	for _, tool := range tools {
		if tool.Answers != "" {
			parts = append(parts, tool.Answers)
		}
	}
	return strings.Join(parts, " ")
}

// Choose returns the tools named in only, or all where it is empty, without those named in except. A name that none of them has is an
// [UnknownToolError].
func Choose(tools []Tool, only, except []string) ([]Tool, error) {
	names := make([]string, 0, len(tools))
	for _, tool := range tools {
		names = append(names, tool.Name)
	}
	for _, name := range slices.Concat(only, except) {
		if !slices.Contains(names, name) {
			return nil, &UnknownToolError{Name: name, Known: names}
		}
	}
	chosen := []Tool{} // not nil, which Config takes for all
	for _, tool := range tools {
		if (len(only) == 0 || slices.Contains(only, tool.Name)) && !slices.Contains(except, tool.Name) {
			chosen = append(chosen, tool)
		}
	}
	return chosen, nil
}

// UnknownToolError says that there is no tool of a name.
type UnknownToolError struct {
	Name  string
	Known []string
}

func (e *UnknownToolError) Error() string {
	text := "there is no tool " + auditlog.Text(e.Name).Quote()
	if near := question.Nearest(e.Name, e.Known, 1); len(near) > 0 {
		text += "; did you mean " + near[0] + "?"
	}
	return text + "; accepted: " + strings.Join(e.Known, ", ")
}

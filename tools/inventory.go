package tools

import (
	"errors"
	"slices"
	"strings"

	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// All returns every tool that there is, served by default or not, in the order in which the server's instructions name them.
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
		search(),
		fetch(),
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

// Default returns the tools that are served where nobody chooses.
func Default() []Tool {
	return slices.DeleteFunc(All(), func(tool Tool) bool { return tool.Optional })
}

// Unserved are the tools that would be served by default, and are not.
func Unserved(served []Tool) answer.Unserved {
	var names []string
	for _, tool := range Default() {
		if !slices.ContainsFunc(served, func(other Tool) bool { return other.Name == tool.Name }) {
			names = append(names, tool.Name)
		}
	}
	return answer.NewUnserved(names)
}

// Choose returns the tools that a list of names, separated by commas, asks for: these and no others; or, where the list begins with a sign,
// those of [Default] with what stands behind a + and without what stands behind a -. A sign holds for what follows, until another one. An
// empty list is [Default]. A name that there is not is an [UnknownToolError]; a list that leaves nothing is an error too.
func Choose(list string) ([]Tool, error) {
	all := All()
	names := make([]string, 0, len(all))
	chosen := map[string]bool{}
	begins := strings.TrimLeft(list, " ,")
	changesDefault := begins == "" || strings.ContainsAny(begins[:1], "+-")
	for _, tool := range all {
		names = append(names, tool.Name)
		chosen[tool.Name] = changesDefault && !tool.Optional
	}
	serves := true
	for entry := range strings.SplitSeq(list, ",") {
		name := strings.TrimSpace(entry)
		if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
			serves = name[0] == '+'
			name = strings.TrimSpace(name[1:])
		}
		if name == "" {
			continue
		}
		if !slices.Contains(names, name) {
			return nil, &UnknownToolError{Name: name, Known: names}
		}
		chosen[name] = serves
	}
	tools := slices.DeleteFunc(all, func(tool Tool) bool { return !chosen[tool.Name] })
	if len(tools) == 0 {
		return nil, errors.New("no tool is left")
	}
	return tools, nil
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

package schemas

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// injectedBy returns which client is known to put an argument of its own among those of a tool; empty if none is. Only names that say
// nothing of a question belong here: whatever else a tool does not have is refused.
func injectedBy(name string, value any) string {
	switch name {
	case "toolCallId", "tool", "sessionId", "chatInput":
		// https://github.com/n8n-io/n8n/issues/21716, https://github.com/sansan0/TrendRadar/issues/768
		return "n8n"
	case "action":
		// As above, from n8n's chat trigger. A model may mean another value as a filter.
		if value == "sendMessage" {
			return "n8n"
		}
	case "task_progress":
		return "Cline" // https://github.com/cline/cline/issues/9919
	case "wait_for_previous":
		return "Gemini CLI" // https://github.com/MemPalace/mempalace/pull/322
	case "_placeholder":
		return "OpenCode" // https://github.com/anomalyco/opencode/pull/15078
	case "_sessionID":
		return "SiYuan" // https://github.com/siyuan-note/siyuan/issues/17927
	case "_meta":
		return "LangChain" // https://github.com/langchain-ai/langchain-mcp-adapters/pull/412
	case "random_string":
		// For tools without parameters, by clients that must not send an empty object; servers have declared it for their sake:
		// "Dummy parameter for no-parameter tools".
		return "Cursor"
	}
	return ""
}

// dropInjected takes out what known clients put in, and says so; empty if there was nothing. What the tool has itself stays.
func (a *Arguments[A]) dropInjected(values map[string]any) (warning string) {
	var dropped []string
	known := a.names()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if client := injectedBy(name, values[name]); client != "" && !slices.Contains(known, name) {
			delete(values, name)
			dropped = append(dropped, fmt.Sprintf("%s (%s)", auditlog.Text(name).Quote(), client))
		}
	}
	if len(dropped) == 0 {
		return ""
	}
	return "left out of the arguments, since clients add these on their own and no tool here has them: " + strings.Join(dropped, ", ")
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/prompts"
	"make-audit-mcp/resources"
	"make-audit-mcp/tools"
)

// listed is what clients are told of a tool, a prompt or a resource.
type listed struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	URI         string           `json:"uri"`
	URITemplate string           `json:"uriTemplate"`
	Arguments   []promptArgument `json:"arguments"`
	Input       struct {
		Required   []string            `json:"required"`
		Properties map[string]argument `json:"properties"`
	} `json:"inputSchema"`
}

// promptArgument is an argument of a prompt.
type promptArgument struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
}

// argument is an argument of a tool, by its schema.
type argument struct {
	Type        string    `json:"type"`
	Description string    `json:"description"`
	Enum        []string  `json:"enum"`
	Minimum     *int      `json:"minimum"`
	Maximum     *int      `json:"maximum"`
	Items       *argument `json:"items"`
}

// lists are what a server says that it has.
type lists struct {
	Tools     []listed `json:"tools"`
	Prompts   []listed `json:"prompts"`
	Resources []listed `json:"resources"`
	Templates []listed `json:"resourceTemplates"`
}

// listsOf asks a server that serves these tools; nil are those that are served by default.
func listsOf(chosen []tools.Tool) (lists, error) {
	served := server.NewMCPServer("docs", "1", server.WithToolCapabilities(false), server.WithPromptCapabilities(false),
		server.WithResourceCapabilities(false, false))
	tools.Register(served, tools.Config{Tools: chosen})
	prompts.Register(served, prompts.Config{})
	resources.Register(served, resources.Config{})
	var found lists
	for _, method := range []string{"tools/list", "prompts/list", "resources/list", "resources/templates/list"} {
		answer, err := json.Marshal(served.HandleMessage(context.Background(),
			json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"`+method+`"}`)))
		if err != nil {
			return lists{}, fmt.Errorf("%s: %w", method, err)
		}
		if err := json.Unmarshal(answer, &struct{ Result any }{&found}); err != nil {
			return lists{}, fmt.Errorf("%s: %w", method, err)
		}
	}
	return found, nil
}

// addServed adds tools, their arguments, prompts and resources, as they are served.
func addServed(_ string, parts map[string]string) error {
	usual, err := listsOf(nil)
	if err != nil {
		return err
	}
	all, err := listsOf(tools.All())
	if err != nil {
		return err
	}
	for i, tool := range all.Tools {
		if !slices.ContainsFunc(usual.Tools, func(l listed) bool { return l.Name == tool.Name }) {
			all.Tools[i].Description = isOptional + tool.Description
		}
	}
	addTools(inOrder(all.Tools), parts)
	var rows [][]string
	for _, prompt := range usual.Prompts {
		var names []string
		for _, argument := range prompt.Arguments {
			name := code(argument.Name)
			if argument.Required {
				name += " (required)"
			}
			names = append(names, name)
		}
		rows = append(rows, []string{code(prompt.Name), prompt.Description, strings.Join(names, ", ")})
	}
	parts["prompts"] = table([]string{"prompt", "what it carries", "arguments"}, rows)
	rows = nil
	for _, resource := range slices.Concat(usual.Resources, usual.Templates) {
		rows = append(rows, []string{code(resource.URI + resource.URITemplate), resource.Description})
	}
	parts["resources"] = table([]string{"address", "content"}, rows)
	return nil
}

// inOrder sorts tools as the server's instructions name them: those that answer most first.
func inOrder(found []listed) []listed {
	var sorted []listed
	for _, tool := range tools.All() {
		if at := slices.IndexFunc(found, func(l listed) bool { return l.Name == tool.Name }); at >= 0 {
			sorted = append(sorted, found[at])
		}
	}
	return sorted
}

// isOptional begins the description of a tool that is not served by default.
const isOptional = "Only where `--tools` asks for it. "

// addTools adds the tools by what they do, and by their arguments. What several tools take in the same sense is described once.
func addTools(found []listed, parts map[string]string) {
	const several = 3
	taken := map[string]int{} // by name and meaning
	meanings := map[string]argument{}
	for _, tool := range found {
		for name, argument := range tool.Input.Properties {
			taken[name+"\n"+argument.Description]++
			meanings[name+"\n"+argument.Description] = argument
		}
	}
	var shared [][]string
	for _, key := range slices.Sorted(maps.Keys(taken)) {
		if taken[key] >= several {
			name, _, _ := strings.Cut(key, "\n")
			shared = append(shared, argumentRow(name, meanings[key]))
		}
	}
	head := []string{"argument", "type", "meaning"}
	parts["shared_arguments"] = table(head, shared)

	var short [][]string
	var each strings.Builder
	for _, tool := range found {
		if !strings.HasPrefix(tool.Description, isOptional) {
			sentence, _, _ := strings.Cut(tool.Description, ". ")
			short = append(short, []string{code(tool.Name), strings.TrimSuffix(sentence, ".")})
		}
		each.WriteString("### " + code(tool.Name) + "\n\n" + tool.Description + "\n\n")
		var own [][]string
		var others []string
		for _, name := range slices.Sorted(maps.Keys(tool.Input.Properties)) {
			argument := tool.Input.Properties[name]
			if taken[name+"\n"+argument.Description] >= several {
				others = append(others, code(name))
				continue
			}
			row := argumentRow(name, argument)
			if slices.Contains(tool.Input.Required, name) {
				row[0] += " (required)"
			}
			own = append(own, row)
		}
		if len(own) > 0 {
			each.WriteString(table(head, own) + "\n")
		}
		switch {
		case len(others) > 0:
			each.WriteString("Shared arguments: " + strings.Join(others, ", ") + ".\n\n")
		case len(own) == 0:
			each.WriteString("No arguments.\n\n")
		}
	}
	parts["tools"] = table([]string{"tool", "what it does"}, short)
	parts["arguments"] = each.String()
}

// argumentRow is an argument's row: its name, what it may be, what it means.
func argumentRow(name string, a argument) []string {
	kind := a.Type
	switch {
	case len(a.Enum) > 0:
		kind = "one of " + code(a.Enum...)
	case a.Items != nil && len(a.Items.Enum) > 0:
		kind = "list of " + code(a.Items.Enum...)
	case a.Items != nil:
		kind = "list of " + a.Items.Type + "s"
	case a.Minimum != nil && a.Maximum != nil:
		kind += fmt.Sprintf(", %d to %d", *a.Minimum, *a.Maximum)
	}
	return []string{code(name), kind, a.Description}
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/spf13/cobra"

	"make-audit-mcp/internal/toolargs"
	"make-audit-mcp/tools"
)

// promptCommand prints what a prompt hands to a model, over a whole MCP session.
type promptCommand struct {
	words mixedWords
	toolChoice
}

// newPromptCommand makes the command.
func newPromptCommand(line *commandLine) *cobra.Command {
	var c promptCommand
	command := &cobra.Command{
		Use: "prompt [NAME] [ARGUMENT ...]",
		Annotations: map[string]string{
			"NAME":     "Name of the prompt, e.g. security_review; without one, they are listed with their arguments.",
			"ARGUMENT": "What it is about: from=30d, --from 30d, or all of it as JSON.",
		},
		Short: "Print a prompt as MCP clients get it: a review's data, with what to do with it.",
		Long: `The messages go to standard output as text, for any model: what is to be done, then the answers of the tools that it takes. Arguments are given as to call.

Examples:
  make-audit-mcp --demo prompt
  make-audit-mcp --demo prompt security_review from=30d
  make-audit-mcp --demo prompt offboarding_review --actor marek.havelka@northwind.example >review.txt`,
		DisableFlagParsing: true,
		ValidArgsFunction: func(command *cobra.Command, words []string, begun string) ([]string, cobra.ShellCompDirective) {
			return completeMixed(command, words, begun, promptArguments, func() (names []string) {
				for _, prompt := range allPrompts() {
					names = append(names, prompt.Name+"\t"+prompt.Title)
				}
				return names
			})
		},
	}
	command.RunE = line.named(&c.words, promptArguments, line.promptHelp, c.Run)
	c.toolChoice.declare(flagsOf(command))
	return command
}

// Run prints a prompt's messages.
func (c *promptCommand) Run(r *runtime) error {
	var err error
	if r.tools, err = c.chosen(); err != nil {
		return err
	}
	if c.words.name == "" {
		return listPrompts(r.streams.Out)
	}
	if err := checkPrompt(c.words.name); err != nil {
		return err
	}
	request := mcp.GetPromptRequest{}
	request.Params.Name = c.words.name
	request.Params.Meta = progressMeta()
	if request.Params.Arguments, err = c.arguments(r.streams.In); err != nil {
		return err
	}
	session, err := r.openSession()
	if err != nil {
		return err
	}
	defer session.close()
	result, err := session.client.GetPrompt(r.ctx, request)
	if err := session.ended(r.ctx, err); err != nil {
		return err
	}
	var texts []string
	for _, message := range result.Messages {
		if content, ok := message.Content.(mcp.TextContent); ok {
			texts = append(texts, strings.TrimSpace(content.Text))
		}
	}
	if _, err := io.WriteString(r.streams.Out, strings.Join(texts, "\n\n")+"\n"); err != nil {
		return fmt.Errorf("writing the prompt: %w", err)
	}
	return nil
}

// arguments are what is asked: of prompts, all of them texts.
func (c *promptCommand) arguments(stdin io.Reader) (map[string]string, error) {
	object, err := c.words.parse(stdin)
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	if err := json.Unmarshal(object, &texts); err != nil {
		return nil, &exitError{code: exitUsage, message: "the arguments of a prompt are texts; for example " + c.words.name + " from=30d"}
	}
	return texts, nil
}

// allPrompts are the prompts by name, as clients see them.
func allPrompts() []mcp.Prompt {
	served := (&runtime{tools: tools.Default()}).mcpServer(nil).ListPrompts()
	var all []mcp.Prompt
	for _, name := range slices.Sorted(maps.Keys(served)) {
		all = append(all, served[name].Prompt)
	}
	return all
}

func promptOf(name string) *mcp.Prompt {
	for _, prompt := range allPrompts() {
		if prompt.Name == name {
			return &prompt
		}
	}
	return nil
}

// promptArguments are what a prompt takes; nil if there is no such prompt.
func promptArguments(name string) (*toolargs.Schema, error) {
	prompt := promptOf(name)
	if prompt == nil {
		return nil, nil
	}
	var schema toolargs.Schema
	for _, argument := range prompt.Arguments {
		schema.Arguments = append(schema.Arguments, toolargs.Argument{Name: argument.Name, Description: argument.Description,
			Type: "string", IsRequired: argument.Required})
	}
	return &schema, nil
}

// checkPrompt refuses a prompt that there is not, with the nearest names.
func checkPrompt(name string) error {
	var names []string
	for _, prompt := range allPrompts() {
		names = append(names, prompt.Name)
	}
	if slices.Contains(names, name) {
		return nil
	}
	return noSuchName("prompt", name, names)
}

// listPrompts prints which prompts there are, with their arguments.
func listPrompts(to io.Writer) error {
	var text strings.Builder
	for _, prompt := range allPrompts() {
		fmt.Fprintf(&text, "%s: %s\n", prompt.Name, prompt.Title)
		for _, argument := range prompt.Arguments {
			name := "[" + argument.Name + "=…]"
			if argument.Required {
				name = argument.Name + "=…"
			}
			fmt.Fprintf(&text, "  %-20s %s\n", name, argument.Description)
		}
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// promptHelp prints what a prompt takes.
func (l *commandLine) promptHelp(name string) error {
	if err := checkPrompt(name); err != nil {
		return err
	}
	schema, err := promptArguments(name)
	if err != nil {
		return err
	}
	page := helpPage{width: helpWidth(l.streams.Out)}
	page.line("Usage: make-audit-mcp prompt %s [ARGUMENT ...]\n", name)
	page.prose(promptOf(name).Description)
	page.table("Arguments:", argumentRows(schema))
	_, err = io.WriteString(l.streams.Out, strings.TrimRight(page.text.String(), "\n")+"\n")
	return err
}

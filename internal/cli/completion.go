package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"make-audit-mcp/internal/completion"
	"make-audit-mcp/tools"
)

// completionCommand prints a script for a shell.
type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish." values:"bash,zsh,fish"`
}

// Help says where the script goes.
func (*completionCommand) Help() string {
	return `Packages bring these scripts along. Otherwise, for the shell that is running:
  source <(make-audit-mcp completion bash)
  source <(make-audit-mcp completion zsh)
  make-audit-mcp completion fish | source

The line can stand in ~/.bashrc, in ~/.zshrc behind compinit, or in ~/.config/fish/config.fish.`
}

// Run prints the script.
func (c *completionCommand) Run(r *runtime) error {
	model, err := Model()
	if err != nil {
		return err
	}
	script, err := completion.Script(c.Shell, model, choices)
	if err != nil {
		return &exitError{code: exitUsage, message: err.Error()}
	}
	_, err = io.WriteString(r.streams.Out, script)
	return err
}

// choices returns what a flag or an argument can be, where that is a list: its enum; its tag values, where other spellings are taken too;
// the names of tools.
func choices(value *kong.Value) []string {
	switch {
	case value.Enum != "":
		return slices.DeleteFunc(value.EnumSlice(), func(word string) bool { return word == "" })
	case value.Tag.Has("values"):
		return strings.Split(value.Tag.Get("values"), ",")
	case value.Flag == nil && value.Name == "tool":
		var names []string
		for _, tool := range tools.All() {
			names = append(names, tool.Name)
		}
		return names
	}
	return nil
}

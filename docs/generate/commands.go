package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/toolargs"
	"make-audit-mcp/tools"
)

// addCommands adds the commands, the flags of all of them and those of each.
func addCommands(root string, parts map[string]string) error {
	line, all := cli.Commands()
	secrets, err := secretVariables(root)
	if err != nil {
		return err
	}
	rows := slices.SortedFunc(slices.Values(secrets), func(a, b []string) int { return strings.Compare(a[1], b[1]) })
	parts["flags"] = table([]string{"flag", "variable", "meaning"}, append(rows, flagRows(line)...))

	var commands [][]string
	var each strings.Builder
	for _, command := range all {
		commands = append(commands, []string{code(command.Name()), command.Short})
		var own [][]string
		for _, argument := range cli.Arguments(command) {
			own = append(own, []string{code(argument.String()), "", argument.Usage})
		}
		own = append(own, flagRows(command)...)
		if len(own) > 0 {
			each.WriteString("### " + code(command.Name()) + "\n\n" + table([]string{"flag", "variable", "meaning"}, own) + "\n")
		}
	}
	parts["commands"] = table([]string{"command", "what it does"}, commands)
	parts["command_flags"] = each.String()
	return nil
}

// flagRows are the rows of a command's flags: how each is written, the variable that sets it, what it is for.
func flagRows(command *cobra.Command) (rows [][]string) {
	for _, flag := range cli.Flags(command) {
		names := []string{"--" + flag.Name}
		if flag.Negatable {
			names = []string{"--[no-]" + flag.Name}
		}
		if flag.Short != "" {
			names = append([]string{"-" + flag.Short}, names...)
		}
		variable := ""
		if flag.Variable != "" {
			variable = code(flag.Variable)
		}
		rows = append(rows, []string{code(names...), variable, flag.Usage})
	}
	return rows
}

// flagsAndVariables returns every flag and every variable that there is, those of npm's launcher too.
func flagsAndVariables(root string) (map[string]bool, error) {
	secrets, err := secretVariables(root)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, row := range secrets {
		there[strings.Trim(row[1], "`")] = true
	}
	launcher, err := os.ReadFile(filepath.Join(root, "release", "npm", "launcher.mjs")) //nolint:gosec // a file of this repository
	if err != nil {
		return nil, err
	}
	for _, read := range regexp.MustCompile(`process\.env\.(\w+)`).FindAllSubmatch(launcher, -1) {
		there[string(read[1])] = true
	}
	line, commands := cli.Commands()
	for _, command := range append(commands, line) {
		for _, flag := range cli.Flags(command) {
			there["--"+flag.Name], there[flag.Variable] = true, true
			if flag.Negatable {
				there["--no-"+flag.Name] = true
			}
		}
	}
	for _, tool := range tools.All() { // call takes arguments as flags
		schema, err := toolargs.Read(tool.Definition().RawInputSchema)
		if err != nil {
			return nil, err
		}
		for i := range schema.Arguments {
			there[schema.Arguments[i].Flag()] = true
		}
	}
	return there, nil
}

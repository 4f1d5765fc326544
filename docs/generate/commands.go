package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"make-audit-mcp/internal/cli"
)

// addCommands adds the commands, the flags of all of them and those of each.
func addCommands(root string, parts map[string]string) error {
	model, err := cli.Model()
	if err != nil {
		return err
	}
	secrets, err := secretVariables(root)
	if err != nil {
		return err
	}
	rows := slices.SortedFunc(slices.Values(secrets), func(a, b []string) int { return strings.Compare(a[1], b[1]) })
	for _, flag := range model.Flags {
		rows = append(rows, flagRow(flag))
	}
	parts["flags"] = table([]string{"flag", "variable", "meaning"}, rows)

	var commands [][]string
	var each strings.Builder
	for _, command := range model.Leaves(true) {
		commands = append(commands, []string{code(command.Name), command.Help})
		var own [][]string
		for _, argument := range command.Positional {
			name := strings.ToUpper(argument.Name)
			if !argument.Required {
				name = "[" + name + "]"
			}
			own = append(own, []string{code(name), "", argument.Help})
		}
		for _, flag := range command.Flags {
			own = append(own, flagRow(flag))
		}
		if len(own) > 0 {
			each.WriteString("### " + code(command.Name) + "\n\n" + table([]string{"flag", "variable", "meaning"}, own) + "\n")
		}
	}
	parts["commands"] = table([]string{"command", "what it does"}, commands)
	parts["command_flags"] = each.String()
	return nil
}

// flagRow is a flag's row: how it is written, the variable that sets it, what it is for.
func flagRow(flag *kong.Flag) []string {
	written := "--" + flag.Name
	if flag.Tag.Negatable != "" {
		written = "--[no-]" + flag.Name
	}
	names := []string{written}
	if flag.Short != 0 {
		names = append([]string{"-" + string(flag.Short)}, names...)
	}
	return []string{code(names...), code(flag.Envs...), cli.Described(flag.Value)}
}

// flagsAndVariables returns every flag and every variable that there is, those of npm's launcher too.
func flagsAndVariables(root string) (map[string]bool, error) {
	model, err := cli.Model()
	if err != nil {
		return nil, err
	}
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
	for _, node := range append(model.Leaves(true), model.Node) {
		for _, flag := range node.Flags {
			there["--"+flag.Name] = true
			if flag.Tag.Negatable != "" {
				there["--no-"+flag.Name] = true
			}
			for _, variable := range flag.Envs {
				there[variable] = true
			}
		}
	}
	return there, nil
}

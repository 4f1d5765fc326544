package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"make-audit-mcp/internal/toolargs"
	"make-audit-mcp/tools"
)

// completeCall completes names of tools, their arguments as flags with the values that these accept, and files.
func completeCall(command *cobra.Command, words []string, begun string) ([]string, cobra.ShellCompDirective) {
	return completeMixed(command, words, begun, toolArguments, func() (names []string) {
		for _, tool := range tools.All() {
			names = append(names, tool.Name+"\t"+tool.Title)
		}
		return names
	})
}

// completeMixed completes names, and behind one what it takes. cobra completes no flags of a command that reads them itself, so that the
// program's are completed here, too.
func completeMixed(command *cobra.Command, words []string, begun string, schemaOf func(string) (*toolargs.Schema, error),
	names func() []string) ([]string, cobra.ShellCompDirective) {
	const nothing = cobra.ShellCompDirectiveNoFileComp
	complete := words
	if last := len(words) - 1; last >= 0 && strings.HasPrefix(words[last], "--") && !strings.Contains(words[last], "=") {
		complete = words[:last] // its value may be what is being typed
	}
	m, err := divideWords(command, complete, schemaOf)
	if err != nil {
		return nil, nothing
	}
	schema := m.schema
	if schema == nil {
		schema = &toolargs.Schema{}
	}
	if flag, ok := openFlag(schema, words, m.flags); ok {
		return valuesOf(schema, command, flag)
	}
	if name, value, hasValue := strings.Cut(begun, "="); hasValue && strings.HasPrefix(name, "--") {
		flag, ok := openFlag(schema, []string{name}, m.flags)
		if !ok {
			return nil, nothing
		}
		values, directive := valuesOf(schema, command, flag) // shells put the flag before them
		return slices.DeleteFunc(slices.Clone(values), func(offered string) bool { return !strings.HasPrefix(offered, value) }), directive
	}
	if strings.HasPrefix(begun, "-") {
		return flagNames(schema, command), nothing
	}
	if m.name != "" {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return names(), nothing
}

// openFlag is the flag that the last word is, if a value is still to come.
func openFlag(schema *toolargs.Schema, words []string, program toolargs.Program) (flag string, ok bool) {
	if len(words) == 0 || strings.Contains(words[len(words)-1], "=") || !strings.HasPrefix(words[len(words)-1], "--") {
		return "", false
	}
	flag = words[len(words)-1]
	if argument := schema.Find(flag[2:]); argument != nil {
		return flag, argument.Type != "boolean"
	}
	isKnown, takesValue := program.Flag(flag)
	return flag, isKnown && takesValue
}

func valuesOf(schema *toolargs.Schema, command *cobra.Command, flag string) ([]string, cobra.ShellCompDirective) {
	if argument := schema.Find(flag[2:]); argument != nil {
		return argument.Accepted, cobra.ShellCompDirectiveNoFileComp
	}
	declared := command.Flags().Lookup(flag[2:])
	if declared.Value.Type() == kindPath {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return declared.Annotations[annotationChoices], cobra.ShellCompDirectiveNoFileComp
}

func flagNames(schema *toolargs.Schema, command *cobra.Command) []string {
	var names []string
	for i := range schema.Arguments {
		argument := &schema.Arguments[i]
		names = append(names, argument.Flag()+"\t"+argument.Description)
	}
	command.Flags().VisitAll(func(f *pflag.Flag) {
		if schema.Find(f.Name) == nil {
			names = append(names, "--"+f.Name+"\t"+f.Usage)
		}
	})
	return names
}

package cli

import (
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/toolargs"
)

// mixedWords are the words of a command among which flags stand that are not the program's, but of what a name asks for: a tool, a prompt.
type mixedWords struct {
	command string
	name    string // empty if none is given
	schema  *toolargs.Schema
	own     []string // what is asked
	program []string // the program's flags, as they were given
	flags   toolargs.Program
	help    bool
}

// named runs a command whose words are mixed: it tells what a name takes where that is asked for, and else runs.
func (l *commandLine) named(
	into *mixedWords, schemaOf func(name string) (*toolargs.Schema, error), help func(name string) error, run func(*runtime) error,
) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, words []string) error {
		var err error
		if *into, err = divideWords(command, words, schemaOf); err != nil {
			return err
		}
		switch {
		case !into.help:
			return l.run(run)(command, nil)
		case into.name == "":
			return l.help(command)
		}
		return help(into.name)
	}
}

// noSuchName refuses a name that is none of those that there are, with the nearest.
func noSuchName(what, name string, names []string) error {
	all := what + "s: " + strings.Join(names, ", ")
	if nearest := question.Nearest(name, names, 1); len(nearest) > 0 {
		all = "did you mean " + nearest[0] + "? " + strings.ToUpper(all[:1]) + all[1:]
	}
	return &exitError{code: exitUsage, message: "there is no " + what + " " + auditlog.Text(name).Quote() + "; " + all}
}

// divideWords finds the name among the words of a command, and gives the program's flags their values. Flags before the name are all the
// program's; those behind it are of what is named, where that has them: schemaOf tells, nil for what there is not.
func divideWords(command *cobra.Command, words []string, schemaOf func(name string) (*toolargs.Schema, error)) (mixedWords, error) {
	m := mixedWords{command: command.Name(), flags: programFlags(command)}
	rest, err := m.leading(words)
	if err != nil {
		return m, err
	}
	if m.name != "" {
		if m.schema, err = schemaOf(m.name); err != nil {
			return m, err
		}
		known := m.schema
		if known == nil {
			known = &toolargs.Schema{}
		}
		var programs []string
		m.own, programs = known.Divide(rest, m.flags)
		m.program = append(m.program, programs...)
	}
	if err := checkValues(command.Flags(), m.program); err != nil {
		return m, err
	}
	if err := command.Flags().Parse(m.program); err != nil {
		return m, command.FlagErrorFunc()(command, err)
	}
	m.help = command.Flags().Changed("help")
	return m, nil
}

// maxFlagShown bounds what is shown of a flag that there is not, in characters.
const maxFlagShown = 40

// leading takes the words up to the name.
func (m *mixedWords) leading(words []string) (rest []string, err error) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "": // mostly a shell's variable that nobody set
			return nil, &usageError{"the name is empty; " + m.command + " without a name lists what there is"}
		case word == "--" && i+1 == len(words):
			return nil, nil
		case word == "--":
			m.name = words[i+1]
			return append([]string{"--"}, words[i+2:]...), nil
		case len(word) == 1 || word[0] != '-':
			m.name = word
			return words[i+1:], nil
		}
		name, _, hasValue := strings.Cut(word, "=")
		isKnown, takesValue := m.flags.Flag(name)
		if !isKnown {
			return nil, &usageError{"unknown flag " + auditlog.Text(name).CleanTo(maxFlagShown) + " before a name; what is asked stands behind " +
				"that: " + m.command + " NAME --argument VALUE"}
		}
		m.program = append(m.program, word)
		if takesValue && !hasValue && i+1 < len(words) {
			i++
			m.program = append(m.program, words[i])
		}
	}
	return nil, nil
}

// programFlags are those that a command takes, its own and those of every command.
func programFlags(command *cobra.Command) toolargs.Program {
	command.InheritedFlags() // has the command know them
	set := command.Flags()
	var names []string
	set.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return toolargs.Program{Flags: names, Flag: func(name string) (isKnown, takesValue bool) {
		found := lookup(set, name)
		return found != nil, found != nil && found.NoOptDefVal == ""
	}}
}

// parse returns what is asked, as an object.
func (m *mixedWords) parse(stdin io.Reader) (json.RawMessage, error) {
	program := m.flags
	program.ReadSource = func(source string) ([]byte, error) { return readSource(source, stdin) }
	arguments, err := m.schema.Parse(m.own, program)
	if err != nil {
		return nil, &exitError{code: exitUsage, message: err.Error()}
	}
	return arguments, nil
}

// next is the command that asks for the page at a cursor.
func (m *mixedWords) next(arguments json.RawMessage, cursor string) string {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(arguments, &all) // the tool has taken it
	delete(all, "cursor")
	left, _ := auditlog.PlainJSON(all)
	words, ok := m.schema.Words(left)
	if !ok {
		words = []string{string(left)}
	}
	return shellWords(slices.Concat([]string{"make-audit-mcp", m.command}, m.program, []string{m.name}, words, []string{"--cursor=" + cursor}))
}

// shellWords are words as a shell takes them.
func shellWords(words []string) string {
	plain := regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if !plain.MatchString(word) {
			quoted[i] = "'" + strings.ReplaceAll(auditlog.Text(word).VisibleTo(len(word)), "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

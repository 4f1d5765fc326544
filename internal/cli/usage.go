package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/toolargs"
)

// usageError says what of a command line cannot be understood.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// Argument is one of a command's arguments.
type Argument struct {
	Name, Usage string
	// Optional arguments can be left out, Repeated ones be given several times.
	Optional, Repeated bool
}

// String returns how an argument is written.
func (a Argument) String() string {
	name := a.Name
	if a.Repeated {
		name += " ..."
	}
	if a.Optional {
		name = "[" + name + "]"
	}
	return name
}

// Arguments returns the arguments that a command takes, in order: its usage line names them, as NAME, [NAME] or [NAME ...], and its
// annotations say what they are for.
func Arguments(command *cobra.Command) []Argument {
	var arguments []Argument
	for _, word := range strings.Fields(command.Use)[1:] {
		name := strings.Trim(word, "[].")
		if name == "" {
			arguments[len(arguments)-1].Repeated = true
			continue
		}
		arguments = append(arguments, Argument{Name: name, Usage: command.Annotations[name], Optional: word != name})
	}
	return arguments
}

// checkWords refuses too few and too many arguments.
func checkWords(command *cobra.Command, words []string) error {
	arguments := Arguments(command)
	if len(words) < len(arguments) && !arguments[len(words)].Optional {
		missing := arguments[len(words)]
		return &usageError{fmt.Sprintf("%s needs %s: %s", command.Name(), missing.Name, missing.Usage)}
	}
	if len(words) <= len(arguments) || len(arguments) > 0 && arguments[len(arguments)-1].Repeated {
		return nil
	}
	var others []string
	for _, other := range command.Commands() {
		others = append(others, other.Name())
	}
	unexpected := words[len(arguments)]
	if slices.Contains(others, unexpected) { // cobra looks for commands before -- alone
		return &usageError{unexpected + " is a command, and stands before --"}
	}
	return &usageError{"unexpected argument " + auditlog.Text(unexpected).Quote() + didYouMean(unexpected, others, "")}
}

// checkValues refuses a flag where the value of another one stands, as after -o in "export -o --force": somebody has forgotten the value. What
// begins with a dash and is meant as a value stands behind a sign of equality.
func checkValues(flags *pflag.FlagSet, words []string) error {
	for i := 0; i+1 < len(words) && words[i] != "--"; i++ {
		f := lookup(flags, words[i])
		if f == nil || f.NoOptDefVal != "" {
			continue
		}
		i++
		if toolargs.LooksLikeFlag(words[i]) {
			value := auditlog.Text(words[i]).CleanTo(maxFlagShown)
			return &usageError{fmt.Sprintf("--%s needs a value, and %s looks like a flag; if it is the value: --%s=%s", f.Name, value, f.Name, value)}
		}
	}
	return nil
}

// lookup returns the flag that a word is, without a value; nil if it is none.
func lookup(flags *pflag.FlagSet, word string) *pflag.Flag {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		return flags.Lookup(name)
	}
	if len(word) == len("-h") && word[0] == '-' {
		return flags.ShorthandLookup(word[1:])
	}
	return nil
}

// explainFlag puts what is wrong with a flag into words.
func explainFlag(command *cobra.Command, err error) error {
	if errors.Is(err, errVersion) {
		return err
	}
	if refused, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return &usageError{"--" + refused.GetFlag().Name + ": " + errors.Unwrap(refused).Error()}
	}
	if empty, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		name := empty.GetFlag().Name
		return &usageError{fmt.Sprintf("--%s needs a value: --%s=%s", name, name, valueOf(empty.GetFlag()))}
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if unknown.GetSpecifiedShortnames() != "" {
			return &usageError{"unknown flag -" + unknown.GetSpecifiedName()}
		}
		name := unknown.GetSpecifiedName()
		if owners := commandsWith(command.Root(), name); len(owners) > 0 {
			return &usageError{"unknown flag --" + name + ": " + command.CommandPath() + " has none; it stands behind " +
				strings.Join(owners, " or ")}
		}
		var others []string
		command.Flags().VisitAll(func(f *pflag.Flag) { others = append(others, f.Name) })
		return &usageError{"unknown flag --" + auditlog.Text(name).Clean() + didYouMean(name, others, "--")}
	}
	return &usageError{err.Error()}
}

// commandsWith names the commands that have a flag of their own of a name.
func commandsWith(root *cobra.Command, flag string) []string {
	var names []string
	for _, command := range root.Commands() {
		if command.LocalNonPersistentFlags().Lookup(flag) != nil {
			names = append(names, command.Name())
		}
	}
	return names
}

// didYouMean names those of some names that begin as a word does, else those that are like it.
func didYouMean(word string, names []string, dashes string) string {
	const most = 3
	meant := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return word == "" || !strings.HasPrefix(name, word) })
	if len(meant) == 0 {
		meant = question.Nearest(word, names, most)
	}
	if len(meant) == 0 {
		return ""
	}
	return ", did you mean " + dashes + strings.Join(meant[:min(most, len(meant))], " or "+dashes) + "?"
}

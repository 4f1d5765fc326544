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
	return &usageError{"unexpected argument " + auditlog.Text(unexpected).Quote() + didYouMean(unexpected, others, "")}
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
		var others []string
		command.Flags().VisitAll(func(f *pflag.Flag) { others = append(others, f.Name) })
		name := unknown.GetSpecifiedName()
		return &usageError{"unknown flag --" + auditlog.Text(name).Clean() + didYouMean(name, others, "--")}
	}
	return &usageError{err.Error()}
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

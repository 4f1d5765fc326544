package cli

import (
	"encoding"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"make-audit-mcp/internal/auditlog"
)

// flagSet declares flags: where the value goes, the name, what the value is called; the rest is added to the flag that is returned.
type flagSet struct{ *pflag.FlagSet }

// flag is one that is being declared.
type flag struct{ *pflag.Flag }

// What a flag is annotated with.
const (
	annotationValue    = "value"    // what its value is called
	annotationVariable = "variable" // the variable of the environment that sets it
	annotationChoices  = "choices"  // values that shells offer
	annotationNegation = "negation" // that it switches another one off
)

// flagsOf returns a command's own flags, to be declared.
func flagsOf(command *cobra.Command) flagSet {
	set := command.Flags()
	set.SortFlags = false
	return flagSet{set}
}

// text declares a flag that takes any text.
func (f flagSet) text(to *string, name, called string) flag {
	return f.declare(value[string]{to: to, parse: func(text string) (string, error) { return text, nil }}, name, called)
}

// path declares a flag that takes the path of a file or folder.
func (f flagSet) path(to *string, name, called string) flag {
	return f.pathP(to, name, "", called)
}

// pathP is path, of a flag that has a short name, too.
func (f flagSet) pathP(to *string, name, short, called string) flag {
	f.VarP(value[string]{to: to, kind: kindPath, parse: absolutePath}, name, short, "")
	return f.annotated(name, called)
}

// list declares a flag that takes several texts, separated by commas or by giving it again.
func (f flagSet) list(to *[]string, name, called string) flag {
	return f.declare(value[[]string]{to: to, parse: func(text string) ([]string, error) {
		if text == "" {
			return *to, nil
		}
		parts := *to
		for part := range strings.SplitSeq(text, ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
		return parts, nil
	}}, name, called+",...")
}

// each declares a flag that takes one text, and can be given again.
func (f flagSet) each(to *[]string, name, called string) flag {
	f.StringArrayVar(to, name, nil, "")
	return f.annotated(name, called)
}

// choice declares a flag that takes one of some texts; or nothing, where it has no default.
func (f flagSet) choice(to *string, name, called string, among ...string) flag {
	var declared flag
	declared = f.declare(value[string]{to: to, parse: func(text string) (string, error) {
		if text != declared.DefValue && !slices.Contains(among, text) {
			return "", fmt.Errorf("%s is not one of %s", auditlog.Text(text).Quote(), strings.Join(among, ", "))
		}
		return text, nil
	}}, name, called).offers(among...)
	return declared
}

// parsed declares a flag whose value reads itself.
func (f flagSet) parsed(to encoding.TextUnmarshaler, name, called string) flag {
	return f.declare(value[string]{to: new(string), parse: func(text string) (string, error) {
		return text, to.UnmarshalText([]byte(text))
	}}, name, called)
}

// count declares a flag that takes a whole number.
func (f flagSet) count(to *int, name, called string) flag {
	return f.declare(value[int]{to: to, parse: func(text string) (int, error) {
		number, err := strconv.Atoi(text)
		return number, orRefused(err, text, "whole number", "30")
	}}, name, called)
}

// number declares a flag that takes a number.
func (f flagSet) number(to *float64, name, called string) flag {
	return f.declare(value[float64]{to: to, parse: func(text string) (float64, error) {
		number, err := strconv.ParseFloat(text, 64)
		return number, orRefused(err, text, "number", "50 or 0.5")
	}}, name, called)
}

// duration declares a flag that takes a time.
func (f flagSet) duration(to *time.Duration, name string) flag {
	return f.declare(value[time.Duration]{to: to, parse: func(text string) (time.Duration, error) {
		duration, err := time.ParseDuration(text)
		return duration, orRefused(err, text, "time", "30s, 15m or 1h30m")
	}}, name, "TIME")
}

// toggle declares a flag that needs no value.
func (f flagSet) toggle(to *bool, name string) flag {
	declared := f.declare(value[bool]{to: to, kind: kindToggle, parse: parseToggle}, name, "")
	declared.NoOptDefVal, declared.DefValue = "true", "false"
	return declared
}

// negatable declares a toggle --NAME, and --no-NAME beside it.
func (f flagSet) negatable(to *bool, name string) flag {
	declared := f.toggle(to, name)
	negation := f.declare(value[bool]{to: to, kind: kindToggle, parse: func(text string) (bool, error) {
		off, err := parseToggle(text)
		declared.Changed = true // so that the environment does not set it
		return !off, err
	}}, "no-"+name, "").help("Switches --" + name + " off.")
	negation.NoOptDefVal = "true"
	negation.annotate(annotationNegation, name)
	return declared
}

// declare declares a flag by its value.
func (f flagSet) declare(value pflag.Value, name, called string) flag {
	f.Var(value, name, "")
	return f.annotated(name, called)
}

func (f flagSet) annotated(name, called string) flag {
	declared := flag{f.Lookup(name)}
	declared.DefValue = ""
	if called != "" {
		declared.annotate(annotationValue, called)
	}
	return declared
}

func (f flag) annotate(name string, values ...string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[name] = values
}

// help says what the flag is for.
func (f flag) help(text string) flag {
	f.Usage = text
	return f
}

// env names the variable of the environment that sets the flag where it is not given.
func (f flag) env(variable string) flag {
	f.annotate(annotationVariable, variable)
	return f
}

// offers names values that shells offer, for a flag that takes others, too, or other spellings.
func (f flag) offers(values ...string) flag {
	f.annotate(annotationChoices, values...)
	return f
}

// byDefault gives the flag a value for when it is not given.
func (f flag) byDefault(text string) flag {
	if err := f.Value.Set(text); err != nil {
		panic("the default of --" + f.Name + ": " + err.Error())
	}
	f.DefValue = text
	return f
}

// Kinds of values that are told apart.
const (
	kindPath   = "path"
	kindToggle = "bool"
)

// value is a flag's value: what parse makes of a text. It implements [pflag.Value].
type value[T any] struct {
	to    *T
	kind  string
	parse func(text string) (T, error)
}

// Set reads a text.
func (v value[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err == nil {
		*v.to = parsed
	}
	return err
}

// String returns the value.
func (v value[T]) String() string { return fmt.Sprint(*v.to) }

// Type returns the value's kind.
func (v value[T]) Type() string { return v.kind }

// orRefused says, where a text could not be parsed, what would be accepted.
func orRefused(err error, text, kind, example string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s is no %s; give one such as %s", auditlog.Text(text).Quote(), kind, example)
}

func parseToggle(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "1", "yes":
		return true, nil
	case "false", "0", "no":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true, 1 or yes nor false, 0 or no", auditlog.Text(text).Quote())
}

// readEnvironment sets those flags that were not given and whose variable is set.
func readEnvironment(flags *pflag.FlagSet) error {
	var problem error
	flags.VisitAll(func(f *pflag.Flag) {
		text, isSet := os.LookupEnv(variableOf(f))
		if f.Changed || !isSet || problem != nil {
			return
		}
		if err := f.Value.Set(text); err != nil {
			problem = &usageError{variableOf(f) + ": " + err.Error()}
		}
	})
	return problem
}

// valueOf returns what a flag's value is called; empty if it takes none.
func valueOf(f *pflag.Flag) string { return strings.Join(f.Annotations[annotationValue], "") }

// variableOf returns the variable of the environment that sets a flag; empty if none does.
func variableOf(f *pflag.Flag) string { return strings.Join(f.Annotations[annotationVariable], "") }

package toolargs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// Program is what the words may also be about: the program around the tool.
type Program struct {
	// ReadSource reads what @FILE or - names.
	ReadSource func(source string) ([]byte, error)
	// Flag says whether the program has a flag of a name, with its dashes, and whether it takes a value. nil where it has none.
	Flag func(name string) (isKnown, takesValue bool)
	// Flags are the names of those flags, to know what was meant by a misspelt one.
	Flags []string
}

// Divide parts the words behind a tool's name: those of the tool, and the program's own flags with their values. A flag that both have is
// the tool's.
func (s *Schema) Divide(words []string, program Program) (tools, programs []string) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			return append(tools, words[i:]...), programs
		}
		name, _, hasValue := strings.Cut(word, "=")
		var isKnown, takesValue bool
		to := &tools
		argument := s.Find(strings.TrimPrefix(name, "--"))
		switch {
		case len(word) < 2 || word[0] != '-':
		case strings.HasPrefix(word, "--") && argument != nil:
			takesValue = !argument.isBoolean()
		case program.Flag != nil:
			if isKnown, takesValue = program.Flag(name); isKnown {
				to = &programs
			}
		}
		*to = append(*to, word)
		if takesValue && !hasValue && i+1 < len(words) {
			i++
			*to = append(*to, words[i])
		}
	}
	return tools, programs
}

// pair is a word that names an argument and its value.
func pair() *regexp.Regexp { return regexp.MustCompile(`(?s)^([A-Za-z][A-Za-z0-9_-]*)=(.*)$`) }

// parsing is what was understood so far.
type parsing struct {
	*Schema

	program Program
	pair    *regexp.Regexp
	object  []byte // nil where no JSON was given
	values  map[string][]json.RawMessage
}

// Parse returns the arguments as one JSON object. What cannot be used is an error whose text is clean.
func (s *Schema) Parse(words []string, program Program) (json.RawMessage, error) {
	p := &parsing{Schema: s, program: program, pair: pair(), values: map[string][]json.RawMessage{}}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			for _, word := range words[i+1:] {
				if err := p.plain(word, ""); err != nil {
					return nil, err
				}
			}
			return p.merged()
		case strings.HasPrefix(word, "--"):
			used, err := p.flag(word, words[i+1:])
			if err != nil {
				return nil, err
			}
			i += used
		case len(word) > 1 && word[0] == '-':
			return nil, fmt.Errorf("there is no flag %s; arguments of a tool have two dashes", auditlog.Text(word).Quote())
		default:
			before := ""
			if i > 0 {
				before = words[i-1]
			}
			if err := p.plain(word, before); err != nil {
				return nil, err
			}
		}
	}
	return p.merged()
}

// flag takes a flag, and returns how many of the words behind it are its value.
func (p *parsing) flag(word string, rest []string) (used int, err error) {
	name, value, hasValue := strings.Cut(word[2:], "=")
	argument := p.Find(name)
	switch {
	case argument == nil:
		return 0, p.unknown(name)
	case hasValue:
	case argument.isBoolean():
		return 0, p.add(argument, json.RawMessage("true"))
	case len(rest) == 0:
		return 0, fmt.Errorf("%s has no value; for example %s", argument.Flag(), argument.example())
	case LooksLikeFlag(rest[0]):
		shown := auditlog.Text(rest[0]).CleanTo(maxShown)
		return 0, fmt.Errorf("%s has no value; for example %s; if %s is the value: %s=%s", argument.Flag(), argument.example(), shown,
			argument.Flag(), shown)
	default:
		value, used = rest[0], 1
	}
	return used, p.set(argument, value)
}

// LooksLikeFlag says whether a word is a flag rather than the value of the one before it: -7d and -1 are values, and - is standard input.
func LooksLikeFlag(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	next := word[1] | 0x20 // in lower case
	return word[1] == '-' || next >= 'a' && next <= 'z'
}

// plain takes a word that is no flag.
func (p *parsing) plain(word, before string) error {
	if found := p.pair.FindStringSubmatch(word); found != nil {
		argument := p.Find(found[1])
		if argument == nil {
			return p.unknown(found[1])
		}
		return p.set(argument, found[2])
	}
	text := []byte(word)
	switch trimmed := strings.TrimSpace(word); {
	case word == "-" || strings.HasPrefix(word, "@"):
		var err error
		if text, err = p.program.ReadSource(word); err != nil {
			return fmt.Errorf("cannot read the arguments: %w", err)
		}
	case trimmed == "" || strings.ContainsAny(trimmed[:1], `{["`) || trimmed == "null":
	default:
		if argument := p.Find(strings.TrimPrefix(before, "--")); strings.HasPrefix(before, "--") && argument != nil && argument.isBoolean() {
			return fmt.Errorf("%s takes its value behind a sign of equality: %s=%s", argument.Flag(), argument.Flag(),
				auditlog.Text(word).CleanTo(maxShown))
		}
		return fmt.Errorf("%s is neither --argument VALUE, nor argument=VALUE, nor a JSON object, @FILE or -; for example %s",
			auditlog.Text(word).Quote(), p.example())
	}
	if p.object != nil {
		return errors.New("the arguments are given as JSON twice; give one object, and flags or pairs beside it")
	}
	object, err := objectOf(text)
	if err != nil {
		return fmt.Errorf("the arguments are no JSON object: %w; for example '{\"from\":\"7d\"}', or --from 7d", err)
	}
	p.object = object
	return nil
}

// maxShown bounds what is shown of a word, in characters.
const maxShown = 40

// objectOf is the object that a JSON text holds, by the rules that tools have for what clients send: text that holds it, and an empty
// list or text for none.
func objectOf(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	var value any
	if len(text) == 0 {
		return []byte("{}"), nil
	}
	if err := json.Unmarshal(text, &value); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("not one JSON value: %w (at byte %d)", err, syntax.Offset)
		}
		return nil, errors.New("not one JSON value")
	}
	if inner, ok := value.(string); ok {
		text = []byte(strings.TrimSpace(inner))
		if value = nil; len(text) > 0 && json.Unmarshal(text, &value) != nil {
			return nil, fmt.Errorf("the text %s holds none", auditlog.Text(inner).Quote())
		}
	}
	switch value := value.(type) {
	case nil:
		return []byte("{}"), nil
	case map[string]any:
		return text, nil
	case []any:
		if len(value) == 0 {
			return []byte("{}"), nil
		}
		return nil, fmt.Errorf("this is a list of %d", len(value))
	case string:
		return nil, errors.New("this is a text in a text")
	}
	return nil, fmt.Errorf("this is %s", auditlog.Text(text).CleanTo(maxShown))
}

// set takes a value as it was typed.
func (p *parsing) set(argument *Argument, value string) error {
	if !argument.IsList {
		text := strings.TrimSpace(value)
		if text == "" {
			return empty(argument)
		}
		return p.add(argument, quoted(value))
	}
	values, err := listOf(argument, value)
	if err != nil {
		return err
	}
	return p.add(argument, values...)
}

// listOf takes a list apart.
func listOf(argument *Argument, value string) ([]json.RawMessage, error) {
	var values []json.RawMessage
	if strings.HasPrefix(strings.TrimSpace(value), "[") && json.Unmarshal([]byte(value), &values) == nil {
		if len(values) == 0 {
			return nil, empty(argument)
		}
		return values, nil
	}
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			return nil, empty(argument)
		}
		values = append(values, quoted(part))
	}
	return values, nil
}

func empty(argument *Argument) error {
	hint := ""
	if argument.IsList {
		hint = `, and a value that holds a comma as ["a, b"]`
	}
	return fmt.Errorf("%s has an empty value; leave it out to ask without it, or give one%s; for example %s", argument.Flag(), hint,
		argument.example())
}

// add keeps values of an argument: of a list they add up, others have one.
func (p *parsing) add(argument *Argument, values ...json.RawMessage) error {
	if !argument.IsList && len(p.values[argument.Name]) > 0 {
		return fmt.Errorf("%s is given twice, and takes one value", argument.Flag())
	}
	p.values[argument.Name] = append(p.values[argument.Name], values...)
	return nil
}

// merged is all that was given. An object that stands alone stays as it was written.
func (p *parsing) merged() (json.RawMessage, error) {
	if p.object == nil {
		p.object = []byte("{}")
	}
	if len(p.values) == 0 {
		return p.object, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(p.object, &all); err != nil {
		return nil, fmt.Errorf("the arguments are no JSON object: %w", err)
	}
	for name, values := range p.values {
		if p.Find(name).IsList {
			all[name] = joined(values)
		} else {
			all[name] = values[0]
		}
	}
	return auditlog.PlainJSON(all)
}

// joined is a JSON list of values.
func joined(values []json.RawMessage) json.RawMessage {
	list := []byte("[")
	for i, value := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, value...)
	}
	return append(list, ']')
}

func quoted(text string) json.RawMessage {
	data, err := auditlog.PlainJSON(text)
	if err != nil {
		panic(err) // a text always can
	}
	return data
}

// unknown refuses an argument that the tool does not have: one that is dropped would silently widen the question.
func (p *parsing) unknown(name string) error {
	const longest = 60 // comparing costs by length; no name of ours is long
	var accepted, known []string
	for i := range p.Arguments {
		accepted = append(accepted, p.Arguments[i].Flag())
	}
	known = append(append(known, accepted...), p.program.Flags...)
	text := "there is no argument " + auditlog.Text(name).Quote()
	wanted := "--" + strings.ReplaceAll(auditlog.Text(name).CleanTo(longest), "_", "-")
	if near := question.Nearest(wanted, known, 1); len(near) > 0 {
		text += "; did you mean " + near[0] + "?"
	}
	if len(accepted) == 0 {
		return errors.New(text + "; this tool takes none")
	}
	return errors.New(text + "; accepted: " + strings.Join(accepted, ", "))
}

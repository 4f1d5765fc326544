package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

const (
	// maxArgumentBytes bounds what one call may send altogether.
	maxArgumentBytes = 1 << 20
	// maxListed bounds how much of the same kind one error lists.
	maxListed = 20
)

// ArgumentError is returned for arguments that cannot be used. It holds every problem that was found, so that one correction mends them
// all.
type ArgumentError struct {
	Problems []Problem
}

// Problem is what is wrong with one argument.
type Problem struct {
	// Argument is the argument's name, cleaned; empty if the arguments as a whole are meant.
	Argument string
	// Message says what was wrong with the value, what is accepted, and an example.
	Message string
}

// Error lists the problems, one a line.
func (e *ArgumentError) Error() string {
	if len(e.Problems) == 1 {
		return "cannot use the arguments: " + e.Problems[0].String()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "cannot use the arguments, %d problems:", len(e.Problems))
	for i, problem := range e.Problems {
		if i == maxListed {
			fmt.Fprintf(&text, "\n- and %d more", len(e.Problems)-i)
			break
		}
		text.WriteString("\n- " + problem.String())
	}
	return text.String()
}

// CallersMistake reports that other arguments would help.
func (*ArgumentError) CallersMistake() bool { return true }

// String returns the problem with its argument.
func (p Problem) String() string {
	if p.Argument == "" {
		return p.Message
	}
	return p.Argument + ": " + p.Message
}

// Arguments reads the arguments of one tool, A, by its input schema. It is safe for concurrent use.
type Arguments[A any] struct {
	parameters func() []parameter // in the schema's order
}

// NewArguments reads arguments by the schema of A.
func NewArguments[A any]() *Arguments[A] { return NewArgumentsBy[A](Schema[A]()) }

// NewArgumentsBy reads arguments by a schema: texts, whole numbers with a minimum, booleans, and lists of them. The schema is read when it
// is first needed, since most processes use few tools. A keyword that is not understood is a panic then, since it would not be enforced.
func NewArgumentsBy[A any](schema json.RawMessage) *Arguments[A] {
	return &Arguments[A]{parameters: sync.OnceValue(func() []parameter {
		parameters, err := readParameters(schema)
		if err != nil {
			panic(fmt.Sprintf("schemas: %s: %v", reflect.TypeFor[A](), err))
		}
		return parameters
	})}
}

// Parameters returns what may be given, in the schema's order.
func (a *Arguments[A]) Parameters() []Parameter {
	var parameters []Parameter
	for _, p := range a.parameters() {
		parameters = append(parameters, p.Parameter)
	}
	return parameters
}

// names returns the names of the arguments, in the schema's order.
func (a *Arguments[A]) names() []string {
	var names []string
	for _, p := range a.parameters() {
		names = append(names, p.Name)
	}
	return names
}

// DecodeCall is [Arguments.Decode] for what clients of tools send: what known clients put among the arguments is dropped, and warning says
// so.
func (a *Arguments[A]) DecodeCall(arguments any) (into A, warning string, err error) {
	values, err := argumentObject(arguments)
	if err != nil {
		return into, "", err
	}
	warning = a.dropInjected(values)
	into, err = a.decode(values)
	return into, warning, err
}

// Decode checks the arguments of a call against the schema, and coerces them where the meaning is plain. arguments is what mcp-go's
// CallToolRequest holds: GetRawArguments() keeps integers beyond 2^53 exact, Params.Arguments does not.
//
// Null, an empty text and an empty list mean that the argument was left out, and so they do of all arguments; text that holds an object is
// read as it. What is wrong with the arguments comes back as an [*ArgumentError].
func (a *Arguments[A]) Decode(arguments any) (A, error) {
	values, err := argumentObject(arguments)
	if err != nil {
		var none A
		return none, err
	}
	return a.decode(values)
}

func (a *Arguments[A]) decode(values map[string]any) (A, error) {
	var into A
	parameters := a.parameters()
	accepted := make(map[string]any, len(parameters))
	var problems []Problem
	for _, p := range parameters {
		value, found := p.read(values[p.Name])
		switch {
		case len(found) > 0:
			problems = append(problems, found...)
		case value != nil:
			accepted[p.Name] = value
		case p.Required:
			problems = append(problems, p.problem("is missing and required"))
		}
	}
	problems = append(problems, a.unknown(values)...)
	if len(problems) > 0 {
		return into, &ArgumentError{problems}
	}
	data, err := json.Marshal(accepted)
	if err == nil {
		err = json.Unmarshal(data, &into)
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// The schema allows what the field cannot hold, such as 1e30 in an int64.
		message := auditlog.Text(mismatch.Value).Clean() + " does not fit; send a smaller value"
		name := mismatch.Field[strings.LastIndexByte(mismatch.Field, '.')+1:] // behind the name of what embeds it
		return into, &ArgumentError{[]Problem{{name, message}}}
	}
	if err != nil {
		return into, fmt.Errorf("storing the checked arguments: %w", err)
	}
	return into, nil
}

// unknown refuses the arguments that the tool does not have: a misspelt filter that is dropped would silently widen the question.
func (a *Arguments[A]) unknown(values map[string]any) []Problem {
	var problems []Problem
	known := a.names()
	names := slices.Sorted(maps.Keys(values))
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(known, name) })
	for i, name := range names {
		if i == maxListed {
			return append(problems, Problem{"", fmt.Sprintf("%d more unknown arguments", len(names)-i)})
		}
		message := "unknown argument"
		if len(known) == 0 {
			message += "; this tool takes none: leave it out"
		} else {
			// Comparing costs by length; no name of ours is long.
			if near := question.Nearest(auditlog.Text(name).CleanTo(60), known, 1); len(near) > 0 {
				message += "; did you mean " + near[0] + "?"
			}
			message += "; accepted: " + strings.Join(known, ", ")
		}
		problems = append(problems, Problem{auditlog.Text(name).Quote(), message})
	}
	return problems
}

// argumentObject brings whatever arguments were given into one form: a map with exact numbers.
func argumentObject(arguments any) (map[string]any, error) {
	refuse := func(message string) (map[string]any, error) {
		return nil, &ArgumentError{[]Problem{{"", message}}}
	}
	const wanted = `the arguments must be one JSON object such as {"name": "value"}`
	data, isRaw := arguments.(json.RawMessage)
	if isRaw && len(data) == 0 {
		return nil, nil
	}
	if !isRaw {
		var err error
		if data, err = json.Marshal(arguments); err != nil {
			return refuse(wanted + "; what was sent is not JSON")
		}
	}
	if len(data) > maxArgumentBytes {
		return refuse("the arguments are larger than 1 MiB; send fewer or shorter values")
	}
	value, err := decodeExactly(data)
	if err != nil {
		return refuse(wanted + "; what was sent is not JSON")
	}
	if text, isText := value.(string); isText {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		if value, err = decodeExactly([]byte(text)); err != nil {
			return refuse(wanted + ", not the text " + describe(text))
		}
	}
	switch value := value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	case []any:
		if len(value) == 0 {
			return nil, nil
		}
	}
	return refuse(wanted + ", not " + describe(value))
}

// decodeExactly decodes one JSON value with all digits of its numbers.
func decodeExactly(data []byte) (any, error) {
	if !json.Valid(data) {
		return nil, errors.New("not one JSON value")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

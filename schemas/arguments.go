package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

const (
	// maxArgumentBytes bounds what one call may send altogether.
	maxArgumentBytes = 1 << 20
	// maxArgumentDepth ends the measuring of a value that contains itself.
	maxArgumentDepth = 64
)

// Arguments reads the arguments of one tool by its input schema. It is safe for concurrent use.
type Arguments struct {
	parameters []parameter // in the schema's order
	names      []string
}

// NewArguments compiles an input schema as [Input] makes it: an object whose properties are texts, whole numbers, booleans, and lists of
// them. A keyword that constrains and is not understood is an error, since it would not be enforced.
func NewArguments(schema json.RawMessage) (*Arguments, error) {
	var root struct {
		Type                 string          `json:"type"`
		Properties           json.RawMessage `json:"properties"`
		Required             []string        `json:"required"`
		AdditionalProperties *bool           `json:"additionalProperties"`
		Schema               string          `json:"$schema"`
		ID                   string          `json:"$id"`
		Title                string          `json:"title"`
		Description          string          `json:"description"`
	}
	if err := decodeStrictly(schema, &root); err != nil {
		return nil, fmt.Errorf("input schema: %w", err)
	}
	if root.Type != "object" || root.AdditionalProperties == nil || *root.AdditionalProperties {
		return nil, errors.New("input schema: want type object with additionalProperties false")
	}
	properties := map[string]json.RawMessage{}
	if root.Properties != nil {
		if err := json.Unmarshal(root.Properties, &properties); err != nil {
			return nil, fmt.Errorf("input schema: properties: %w", err)
		}
	}
	arguments := &Arguments{names: keysInOrder(root.Properties)}
	for _, name := range arguments.names {
		compiled, err := compileParameter(name, properties[name])
		if err != nil {
			return nil, fmt.Errorf("input schema: property %q: %w", name, err)
		}
		compiled.required = slices.Contains(root.Required, name)
		arguments.parameters = append(arguments.parameters, *compiled)
	}
	for _, name := range root.Required {
		if _, ok := properties[name]; !ok {
			return nil, fmt.Errorf("input schema: %q is required but has no property", name)
		}
	}
	return arguments, nil
}

// Decode checks the arguments of a call against the schema, coerces them where the meaning is plain, and stores them into the struct that
// into points to. arguments is what mcp-go's CallToolRequest holds: GetRawArguments() keeps integers beyond 2^53 exact, Params.Arguments
// does not.
//
// Null, an empty text and an empty list mean that the argument was left out. Defaults are not filled in, so that the tool knows. What is
// wrong with the arguments comes back as an [*ArgumentError].
func (a *Arguments) Decode(arguments any, into any) error {
	values, err := argumentObject(arguments)
	if err != nil {
		return err
	}
	accepted := make(map[string]any, len(a.parameters))
	var problems []Problem
	for i := range a.parameters {
		p := &a.parameters[i]
		value, present, found := p.read(values[p.name])
		switch {
		case len(found) > 0:
			problems = append(problems, found...)
		case present:
			accepted[p.name] = value
		case p.required:
			problems = append(problems, Problem{p.name, "is missing and required; " + p.accepted()})
		}
	}
	problems = append(problems, a.unknown(values)...)
	if len(problems) > 0 {
		return &ArgumentError{problems}
	}
	data, err := json.Marshal(accepted)
	if err != nil {
		return fmt.Errorf("writing the checked arguments: %w", err)
	}
	err = json.Unmarshal(data, into)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// The schema allows what the field cannot hold, such as 300 in an int8.
		return &ArgumentError{[]Problem{{mismatch.Field, auditlog.Text(mismatch.Value).Clean() + " does not fit; send a smaller value"}}}
	}
	if err != nil {
		return fmt.Errorf("reading the checked arguments: %w", err)
	}
	return nil
}

// unknown refuses the arguments that the tool does not have: a misspelt filter that is dropped would silently widen the question.
func (a *Arguments) unknown(values map[string]any) []Problem {
	var problems []Problem
	names := slices.Sorted(maps.Keys(values))
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(a.names, name) })
	for i, name := range names {
		if i == maxListed {
			problems = append(problems, Problem{"", fmt.Sprintf("%d more unknown arguments", len(names)-i)})
			break
		}
		problem := Problem{Argument: auditlog.Text(name).Quote()}
		if len(a.names) == 0 {
			problem.Message = "unknown argument; this tool takes none: leave it out"
		} else {
			problem.Message = "unknown argument"
			// Comparing costs by length; no name of ours is long.
			if near := question.Nearest(auditlog.Text(name).CleanTo(60), a.names, 1); len(near) > 0 {
				problem.Message += "; did you mean " + near[0] + "?"
			}
			problem.Message += "; accepted: " + strings.Join(a.names, ", ")
		}
		problems = append(problems, problem)
	}
	return problems
}

// argumentObject brings whatever arguments were given into one form: a map with exact numbers.
func argumentObject(arguments any) (map[string]any, error) {
	if raw, ok := arguments.(json.RawMessage); ok && len(raw) == 0 {
		return nil, nil
	}
	if measure(arguments, 0) > maxArgumentBytes {
		return nil, wholeError("the arguments are larger than 1 MiB; send fewer or shorter values")
	}
	const wanted = `the arguments must be one JSON object such as {"name": "value"}`
	data, err := json.Marshal(arguments)
	if err != nil {
		return nil, wholeError(wanted + "; what was sent is not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, wholeError(wanted + "; what was sent is not JSON")
	}
	switch value := value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	}
	return nil, wholeError(wanted + ", not " + describe(value))
}

func wholeError(message string) error {
	return &ArgumentError{[]Problem{{"", message}}}
}

// measure adds up roughly what a value takes, and stops soon after the bound.
func measure(value any, depth int) int {
	const perValue = 8
	if depth > maxArgumentDepth {
		return maxArgumentBytes + 1
	}
	total := perValue
	switch value := value.(type) {
	case json.RawMessage:
		return len(value)
	case string:
		return perValue + len(value)
	case []any:
		for _, item := range value {
			total += measure(item, depth+1)
			if total > maxArgumentBytes {
				break
			}
		}
	case map[string]any:
		for name, item := range value {
			total += len(name) + measure(item, depth+1)
			if total > maxArgumentBytes {
				break
			}
		}
	}
	return total
}

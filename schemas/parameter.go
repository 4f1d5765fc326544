package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

const (
	// defaultMaxLength bounds a text, in characters, whose schema does not.
	defaultMaxLength = 500
	// defaultMaxItems bounds a list whose schema does not.
	defaultMaxItems = 1000
)

// parameter is one argument, or the item of a list, as the schema describes it.
type parameter struct {
	name     string
	required bool
	// kind is string, integer, boolean or array.
	kind               string
	enum               []string
	example            string
	minimum, maximum   *int64
	minLength          int
	maxLength          int
	minItems, maxItems int
	item               *parameter
}

// property is the subset of JSON Schema that is understood, with the keywords that merely describe.
type property struct {
	Type      string          `json:"type"`
	Enum      []string        `json:"enum"`
	Minimum   *int64          `json:"minimum"`
	Maximum   *int64          `json:"maximum"`
	MinLength int             `json:"minLength"`
	MaxLength int             `json:"maxLength"`
	MinItems  int             `json:"minItems"`
	MaxItems  int             `json:"maxItems"`
	Items     json.RawMessage `json:"items"`

	Title       string            `json:"title"`
	Description string            `json:"description"`
	Format      string            `json:"format"`
	Default     json.RawMessage   `json:"default"`
	Examples    []json.RawMessage `json:"examples"`
	Deprecated  bool              `json:"deprecated"`
}

func compileParameter(name string, schema json.RawMessage) (*parameter, error) {
	var from property
	if err := decodeStrictly(schema, &from); err != nil {
		return nil, err
	}
	to := &parameter{
		name: name, kind: from.Type, enum: from.Enum, minimum: from.Minimum, maximum: from.Maximum,
		minLength: from.MinLength, maxLength: defaultMaxLength, minItems: from.MinItems, maxItems: defaultMaxItems,
	}
	if from.MaxLength > 0 {
		to.maxLength = from.MaxLength
	}
	if from.MaxItems > 0 {
		to.maxItems = from.MaxItems
	}
	switch to.kind {
	case "string", "integer", "boolean":
	case "array":
		var err error
		to.item, err = compileParameter(name, from.Items)
		if err != nil {
			return nil, fmt.Errorf("items: %w", err)
		}
		if to.item.kind == "array" {
			return nil, errors.New("lists of lists are not supported")
		}
	default:
		return nil, fmt.Errorf("type %q is not supported", to.kind)
	}
	to.example = exampleOf(from, to)
	return to, nil
}

// exampleOf returns a value that would be accepted, as JSON.
func exampleOf(from property, to *parameter) string {
	switch {
	case len(from.Examples) > 0:
		return string(from.Examples[0])
	case len(from.Default) > 0:
		return string(from.Default)
	case len(from.Enum) > 0:
		return strconv.Quote(from.Enum[0])
	}
	switch to.kind {
	case "array":
		return "[" + to.item.example + "]"
	case "boolean":
		return "true"
	case "string":
		return `"some text"`
	}
	switch {
	case to.minimum != nil:
		return strconv.FormatInt(*to.minimum, 10)
	case to.maximum != nil:
		return strconv.FormatInt(*to.maximum, 10)
	}
	return "42"
}

// decodeStrictly refuses unknown keywords.
func decodeStrictly(data json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// keysInOrder returns the keys of a JSON object in the order they are written.
func keysInOrder(object json.RawMessage) []string {
	var names []string
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return names
		}
		names = append(names, name)
		var skipped json.RawMessage
		if decoder.Decode(&skipped) != nil {
			return names
		}
	}
	return names
}

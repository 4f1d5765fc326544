package toolargs

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/tidwall/gjson"
)

// Argument is one that a tool takes.
type Argument struct {
	Name        string
	Description string
	// Type is string, integer or boolean; of a list, its items'.
	Type       string
	IsList     bool
	IsRequired bool
	// Accepted are the values that there are; nil where any will do.
	Accepted []string
	// Minimum and Maximum bound a number, MaxItems a list; empty where they do not.
	Minimum, Maximum, MaxItems string
}

// Schema is which arguments a tool takes, in its order.
type Schema struct {
	Arguments []Argument
}

// Read reads a tool's input schema.
func Read(input json.RawMessage) (Schema, error) {
	if !gjson.ValidBytes(input) {
		return Schema{}, errors.New("the tool's input schema is no JSON")
	}
	var schema Schema
	document := gjson.ParseBytes(input)
	required := map[string]bool{}
	for _, name := range document.Get("required").Array() {
		required[name.String()] = true
	}
	document.Get("properties").ForEach(func(name, described gjson.Result) bool {
		argument := Argument{Name: name.String(), Description: described.Get("description").String(), IsRequired: required[name.String()]}
		item := described
		if described.Get("type").String() == "array" {
			argument.IsList, argument.MaxItems = true, described.Get("maxItems").Raw
			item = described.Get("items")
		}
		argument.Type = item.Get("type").String()
		argument.Minimum, argument.Maximum = item.Get("minimum").Raw, item.Get("maximum").Raw
		for _, value := range item.Get("enum").Array() {
			argument.Accepted = append(argument.Accepted, value.String())
		}
		schema.Arguments = append(schema.Arguments, argument)
		return true
	})
	return schema, nil
}

// Find returns the argument of a name, however its words are joined; nil if there is none.
func (s *Schema) Find(name string) *Argument {
	for i := range s.Arguments {
		if s.Arguments[i].Name == underscored(name) {
			return &s.Arguments[i]
		}
	}
	return nil
}

// Flag is the argument as a flag.
func (a *Argument) Flag() string { return "--" + strings.ReplaceAll(a.Name, "_", "-") }

func (a *Argument) isBoolean() bool { return a.Type == "boolean" && !a.IsList }

func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }

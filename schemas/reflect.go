// Package schemas holds what the tools take and give as Go structs, and their JSON Schemas.
//
// It promises that
//   - a schema is derived from the struct it describes ([Input], [Output]), so that the two cannot drift apart, and comes out as the same
//     bytes every time;
//   - what [Arguments] accepts satisfies the input schema: arguments are coerced where the meaning is plain and refused with a reason, what
//     is accepted and an example where it is not. Nothing is dropped or guessed silently.
//
// It knows neither MCP nor Make's wire format.
package schemas

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"make-audit-mcp/internal/auditlog"
)

// Input returns the JSON Schema (draft 2020-12) of a tool's arguments, T being a struct. It is kept small, since every model reads it on
// every turn: neither "$schema" nor "$id". It says one plain type for each argument, though [Arguments] takes more: what frameworks convert
// schemas to (OpenAI's strict form, Gemini's, Zod) knows no alternatives, or not the same. Descriptions come from `jsonschema_description`
// tags, constraints from `jsonschema` tags; fields without omitempty are required; embedded structs are flattened.
//
// It panics if T has no schema: that is a mistake in T, never in data.
func Input[T any]() json.RawMessage {
	schema := reflectSchema(reflect.TypeFor[T]())
	schema.Version = ""
	// Unknown arguments are for Arguments to refuse, which names the nearest; clients that check by the schema would not let it.
	schema.AdditionalProperties = nil
	if schema.Properties == nil {
		schema.Properties = jsonschema.NewProperties() // without which OpenAI refuses an object
	}
	return marshalSchema(schema)
}

// Output is [Input] for a tool's result, with "$schema". A pointer is nullable only where its `jsonschema` tag says so; a nil slice without
// omitempty is marshalled as null, which no schema made here allows.
func Output[T any]() json.RawMessage {
	return marshalSchema(reflectSchema(reflect.TypeFor[T]()))
}

func reflectSchema(t reflect.Type) *jsonschema.Schema {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, Mapper: customSchema}
	schema := reflector.ReflectFromType(t)
	if schema.Type != "object" {
		panic(fmt.Sprintf("schemas: %s is not described as an object: use a struct", t))
	}
	return schema
}

func marshalSchema(schema *jsonschema.Schema) json.RawMessage {
	data, err := json.Marshal(schema)
	if err != nil {
		panic(fmt.Sprintf("schemas: marshalling a schema: %v", err))
	}
	return data
}

// customSchema describes the types whose JSON is not what their Go kind suggests. Reflection alone would describe those wrongly and say
// nothing.
func customSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[json.RawMessage]():
		return nil // the reflector knows them
	case reflect.TypeFor[auditlog.Text]():
		return &jsonschema.Schema{Type: "string"}
	case reflect.TypeFor[auditlog.ID]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "integer"}, {Type: "string"}, {Type: "null"}}}
	}
	switch reflect.New(t).Interface().(type) {
	case json.Marshaler, encoding.TextMarshaler:
		panic(fmt.Sprintf("schemas: %s marshals itself: describe it in customSchema", t))
	}
	return nil
}

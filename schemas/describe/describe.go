// Package describe makes JSON Schemas of the structs of package schemas, for the files that come with the program and for tests: no program
// reflects what it takes and gives at each start.
//
// It promises that a schema is derived from the struct it describes ([Input], [Output]) alone, and comes out as the same bytes every time.
package describe

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// Input returns the JSON Schema (draft 2020-12) of a tool's arguments, which are a struct. It is kept small, since every model reads it on
// every turn: neither "$schema" nor "$id". It says one plain type for each argument, though [schemas.Arguments] takes more: what frameworks convert
// schemas to (OpenAI's strict form, Gemini's, Zod) knows no alternatives, or not the same. Descriptions come from `jsonschema_description`
// tags, constraints from `jsonschema` tags; fields without omitempty are required; embedded structs are flattened.
//
// It panics if the type has no schema: that is a mistake in the type, never in data.
func Input(t reflect.Type) json.RawMessage {
	schema := reflectSchema(t)
	if schema.Properties == nil {
		schema.Properties = jsonschema.NewProperties() // without which OpenAI refuses an object
	}
	return marshalSchema(schema)
}

// Output is [Input] for a tool's result. Clients get those of all tools at once, and so it is kept small, too: only what stands at the top
// of a result is described, and what it repeats stands under "$defs". A pointer is nullable only where its `jsonschema` tag says so; a nil slice without omitempty is marshalled as
// null, which no schema made here allows.
func Output(t reflect.Type) json.RawMessage {
	schema := reflectSchema(t)
	for property := schema.Properties.Oldest(); property != nil; property = property.Next() {
		lean(property.Value, true)
	}
	for _, part := range commonParts() {
		part.defineIn(schema)
	}
	return marshalSchema(schema)
}

// lean shortens the schema of a field of a result, which is described only at the top, and not once more in what it may be.
func lean(schema *jsonschema.Schema, isTop bool) {
	if schema == nil {
		return
	}
	if !isTop && schema.Description != "" {
		schema.Description = ""
		if reflect.ValueOf(*schema).IsZero() {
			schema.Description = "Any JSON." // clients refuse a schema that says nothing
		}
	}
	if len(schema.OneOf) > 0 {
		if isTop {
			schema.Description = schema.OneOf[0].Description
		}
		for _, alternative := range schema.OneOf {
			lean(alternative, false)
		}
		schema.AnyOf, schema.OneOf = schema.OneOf, nil // what clients know better
	}
	lean(schema.Items, false)
	lean(schema.AdditionalProperties, false)
	for property := schema.Properties.Oldest(); property != nil; property = property.Next() {
		lean(property.Value, false)
	}
}

// anyOf is a value of one of several types. A list of types would be shorter, and is less portable.
func anyOf(types ...string) *jsonschema.Schema {
	schema := &jsonschema.Schema{}
	for _, name := range types {
		schema.AnyOf = append(schema.AnyOf, &jsonschema.Schema{Type: name})
	}
	return schema
}

func reflectSchema(t reflect.Type) *jsonschema.Schema {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, Mapper: customSchema,
		// Unknown arguments are for Arguments to refuse, which names the nearest; clients that check by the schema would not let it. Of
		// results, what clients keep of the schema is to bear fields that come later.
		AllowAdditionalProperties: true}
	schema := reflector.ReflectFromType(t)
	schema.Version = "" // MCP's default
	if schema.Type != "object" {
		panic(fmt.Sprintf("describe: %s is not described as an object: use a struct", t))
	}
	return schema
}

func marshalSchema(schema *jsonschema.Schema) json.RawMessage {
	data, err := json.Marshal(schema)
	if err != nil {
		panic(fmt.Sprintf("describe: marshalling a schema: %v", err))
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
		return anyOf("integer", "string", "null")
	case reflect.TypeFor[schemas.Query]():
		return &jsonschema.Schema{Type: "object"} // an echo of the arguments, with as many fields
	}
	switch reflect.New(t).Interface().(type) {
	case json.Marshaler, encoding.TextMarshaler:
		panic(fmt.Sprintf("describe: %s marshals itself: describe it in customSchema", t))
	}
	return nil
}

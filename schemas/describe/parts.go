package describe

import (
	"bytes"
	"reflect"

	"github.com/invopop/jsonschema"

	"make-audit-mcp/internal/auditlog"
)

// part is what a schema may hold several times.
type part struct {
	name   string
	schema *jsonschema.Schema
}

// commonParts are the parts that results repeat; one that holds another comes before it.
func commonParts() []part {
	object := func(t reflect.Type) *jsonschema.Schema {
		schema := reflectSchema(t)
		lean(schema, false)
		return schema
	}
	return []part{
		{"actor", object(reflect.TypeFor[auditlog.Actor]())},
		{"ref", object(reflect.TypeFor[auditlog.Ref]())},
		{"id", customSchema(reflect.TypeFor[auditlog.ID]())},
	}
}

// defineIn has a schema define the part once and refer to it, if it holds it so often that this makes it clearly shorter.
func (p part) defineIn(schema *jsonschema.Schema) {
	const often = 3
	text := marshalSchema(p.schema)
	var found []*jsonschema.Schema
	walk(schema, func(inner *jsonschema.Schema) {
		plain := *inner
		plain.Description = ""
		if bytes.Equal(marshalSchema(&plain), text) {
			found = append(found, inner)
		}
	})
	if len(found) < often {
		return
	}
	for _, inner := range found {
		*inner = jsonschema.Schema{Ref: "#/$defs/" + p.name, Description: inner.Description}
	}
	if schema.Definitions == nil {
		schema.Definitions = jsonschema.Definitions{}
	}
	schema.Definitions[p.name] = p.schema
}

// walk calls yield with a schema and all that it holds.
func walk(schema *jsonschema.Schema, yield func(*jsonschema.Schema)) {
	if schema == nil {
		return
	}
	yield(schema)
	walk(schema.Items, yield)
	walk(schema.AdditionalProperties, yield)
	for property := schema.Properties.Oldest(); property != nil; property = property.Next() {
		walk(property.Value, yield)
	}
	for _, definition := range schema.Definitions {
		walk(definition, yield)
	}
}

package describe_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/schemas/describe"
)

type filter struct {
	Team []string `json:"team,omitempty" jsonschema:"maxItems=20,maxLength=100" jsonschema_description:"Teams by name or id, or none"`
	From string   `json:"from,omitempty" jsonschema_description:"Start, inclusive"`
}

type listArguments struct {
	filter

	Limit    int      `json:"limit,omitempty" jsonschema:"minimum=1,maximum=500,default=25" jsonschema_description:"Entries a page"`
	Sort     string   `json:"sort,omitempty" jsonschema:"enum=asc,enum=desc,default=desc"`
	GroupBy  []string `json:"group_by,omitempty" jsonschema:"minItems=1,maxItems=2,enum=actor,enum=day"`
	TargetID string   `json:"target_id"`
}

type none struct{}

type entry struct {
	UUID   string         `json:"uuid"`
	At     time.Time      `json:"at"`
	Seen   *time.Time     `json:"seen,omitempty"`
	Total  *int           `json:"total" jsonschema:"nullable" jsonschema_description:"Null if unknown"`
	Name   auditlog.Text  `json:"name"`
	ID     auditlog.ID    `json:"id"`
	Extra  map[string]any `json:"extra,omitempty"`
	Counts map[string]int `json:"counts,omitempty"`
	Nested []nested       `json:"nested" jsonschema_description:"Each"`
}

type nested struct {
	Value float64 `json:"value,omitempty" jsonschema_description:"Below the top, where names explain themselves"`
}

func TestInputDescribesArgumentsAndNothingElse(t *testing.T) {
	t.Parallel()
	assert.JSONEq(t, `{
		"type": "object",
		"properties": {
			"team": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 100},
				"description": "Teams by name or id, or none"},
			"from": {"type": "string", "description": "Start, inclusive"},
			"limit": {"type": "integer", "minimum": 1, "maximum": 500, "default": 25, "description": "Entries a page"},
			"sort": {"type": "string", "enum": ["asc", "desc"], "default": "desc"},
			"group_by": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string", "enum": ["actor", "day"]}},
			"target_id": {"type": "string"}
		},
		"required": ["target_id"]
	}`, string(describe.Input(reflect.TypeFor[listArguments]())))
}

func TestInputWithoutArgumentsIsAnEmptyObject(t *testing.T) {
	t.Parallel()
	assert.JSONEq(t, `{"type": "object", "properties": {}}`, string(describe.Input(reflect.TypeFor[none]())), "OpenAI refuses one without properties")
}

type inner struct {
	Deep string `json:"deep,omitempty"`
}

type Middle struct {
	inner
	Mid string `json:"mid,omitempty"`
}

type outer struct {
	*Middle
	Top     string `json:"top,omitempty"`
	hidden  string
	Skipped string `json:"-"`
}

func TestEmbeddedStructsAreFlattenedAtEveryDepth(t *testing.T) {
	t.Parallel()
	assert.Empty(t, outer{}.hidden)
	for _, schema := range []json.RawMessage{
		describe.Input(reflect.TypeFor[outer]()), describe.Input(reflect.TypeFor[*outer]()), describe.Output(reflect.TypeFor[outer]()),
	} {
		assert.JSONEq(t, `{"deep":{"type":"string"},"mid":{"type":"string"},"top":{"type":"string"}}`, string(propertiesOf(t, schema)))
	}
}

func TestSchemasSpendNothingOnWhatNobodyNeeds(t *testing.T) {
	t.Parallel()
	schema := string(describe.Input(reflect.TypeFor[listArguments]()))
	for _, waste := range []string{"$schema", "$id", "$defs", "$ref", "additionalProperties", "\n", ": "} {
		assert.NotContains(t, schema, waste)
		assert.NotContains(t, string(describe.Output(reflect.TypeFor[listArguments]())), waste)
	}
	assert.Less(t, len(schema), 700, "the six arguments of listArguments")
}

func TestInputSchemasCompileForOtherImplementations(t *testing.T) {
	t.Parallel()
	for _, arguments := range []reflect.Type{reflect.TypeFor[listArguments](), reflect.TypeFor[none](), reflect.TypeFor[outer]()} {
		mcptest.Compile(t, describe.Input(arguments))
	}
}

func TestSchemasComeOutAsTheSameBytes(t *testing.T) {
	t.Parallel()
	for range 20 {
		assert.Equal(t, string(describe.Input(reflect.TypeFor[listArguments]())), string(describe.Input(reflect.TypeFor[listArguments]())))
		assert.Equal(t, string(describe.Output(reflect.TypeFor[entry]())), string(describe.Output(reflect.TypeFor[entry]())))
	}
}

func TestOutputDescribesWhatIsMarshalled(t *testing.T) {
	t.Parallel()
	var got struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	require.NoError(t, json.Unmarshal(describe.Output(reflect.TypeFor[entry]()), &got))
	assert.Equal(t, []string{"uuid", "at", "total", "name", "id", "nested"}, got.Required)
	for name, want := range map[string]string{
		"uuid":   `{"type":"string"}`,
		"at":     `{"type":"string","format":"date-time"}`,
		"seen":   `{"type":"string","format":"date-time"}`,
		"total":  `{"anyOf":[{"type":"integer"},{"type":"null"}],"description":"Null if unknown"}`,
		"name":   `{"type":"string"}`,
		"id":     `{"anyOf":[{"type":"integer"},{"type":"string"},{"type":"null"}]}`,
		"extra":  `{"type":"object"}`,
		"counts": `{"type":"object","additionalProperties":{"type":"integer"}}`,
		"nested": `{"type":"array","description":"Each","items":{"type":"object","properties":{"value":{"type":"number"}}}}`,
	} {
		assert.JSONEq(t, want, string(got.Properties[name]), name)
	}
}

func TestMarshalledValuesSatisfyTheirSchema(t *testing.T) {
	t.Parallel()
	total := 3
	schema := mcptest.Compile(t, describe.Output(reflect.TypeFor[entry]()))
	for name, value := range map[string]entry{
		"numeric id": {ID: "12", Total: &total, Extra: map[string]any{"a": 1}, Nested: []nested{{Value: 1}}},
		"textual id": {ID: "x-1", Extra: map[string]any{}, Nested: []nested{}},
		"no id":      {Extra: map[string]any{}, Nested: []nested{}},
	} {
		data, err := json.Marshal(value)
		require.NoError(t, err)
		instance, err := validator.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(instance), name)
	}
}

type review struct {
	Actor   *auditlog.Actor  `json:"actor,omitempty"`
	Actors  []auditlog.Actor `json:"actors" jsonschema_description:"Most first"`
	By      *auditlog.Actor  `json:"by,omitempty" jsonschema_description:"Who did it"`
	Team    *auditlog.Ref    `json:"team,omitempty"`
	Teams   []auditlog.Ref   `json:"teams"`
	Numbers []auditlog.ID    `json:"numbers"`
}

func TestWhatAResultRepeatsIsDefinedOnce(t *testing.T) {
	t.Parallel()
	const team = `{"type":"object","properties":{"id":{"$ref":"#/$defs/id"},"name":{"type":"string"}},"required":["id"]}`
	schema := describe.Output(reflect.TypeFor[review]())
	assert.JSONEq(t, `{
		"$defs": {
			"id": {"anyOf":[{"type":"integer"},{"type":"string"},{"type":"null"}]},
			"actor": {"type":"object","properties":{"id":{"$ref":"#/$defs/id"},"name":{"type":"string"},"email":{"type":"string"}},
				"required":["id"]}
		},
		"type": "object",
		"properties": {
			"actor": {"$ref":"#/$defs/actor"},
			"actors": {"type":"array","description":"Most first","items":{"$ref":"#/$defs/actor"}},
			"by": {"$ref":"#/$defs/actor","description":"Who did it"},
			"team": `+team+`,
			"teams": {"type":"array","items":`+team+`},
			"numbers": {"type":"array","items":{"$ref":"#/$defs/id"}}
		},
		"required": ["actors", "teams", "numbers"]
	}`, string(schema))
	compiled := mcptest.Compile(t, schema)
	for data, isValid := range map[string]bool{
		`{"actors":[{"id":null,"name":"x"}],"teams":[],"numbers":["a",1]}`: true,
		`{"actors":[{"name":"x"}],"teams":[],"numbers":[]}`:                false,
		`{"actors":[],"teams":[],"numbers":[{}]}`:                          false,
	} {
		instance, err := validator.UnmarshalJSON(bytes.NewReader([]byte(data)))
		require.NoError(t, err)
		assert.Equal(t, isValid, compiled.Validate(instance) == nil, data)
	}
}

func propertiesOf(t *testing.T, schema json.RawMessage) json.RawMessage {
	t.Helper()
	var parsed struct {
		Properties json.RawMessage `json:"properties"`
	}
	require.NoError(t, json.Unmarshal(schema, &parsed))
	return parsed.Properties
}

type opaque struct {
	Value selfMarshalling `json:"value"`
}

type selfMarshalling struct{ Hidden string }

func (selfMarshalling) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

func TestATypeWithoutATruthfulSchemaIsAProgrammingError(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t,
		"describe: describe_test.selfMarshalling marshals itself: describe it in customSchema",
		func() { describe.Output(reflect.TypeFor[opaque]()) })
	assert.PanicsWithValue(t, "describe: string is not described as an object: use a struct", func() { describe.Input(reflect.TypeFor[string]()) })
}

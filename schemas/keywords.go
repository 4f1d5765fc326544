package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// keywords are those of JSON Schema that arguments are checked by. Reading another one is an error, since it would not be enforced.
type keywords struct {
	Type        string      `json:"type"`
	Description string      `json:"description"`
	Properties  properties  `json:"properties"`
	Required    []string    `json:"required"`
	Items       *keywords   `json:"items"`
	Enum        []string    `json:"enum"`
	Minimum     json.Number `json:"minimum"`
	Maximum     json.Number `json:"maximum"`
	MinLength   *int        `json:"minLength"`
	MaxLength   *int        `json:"maxLength"`
	MinItems    *int        `json:"minItems"`
	MaxItems    *int        `json:"maxItems"`
}

// property is one argument of a schema.
type property struct {
	name string
	keywords
}

// properties are in the schema's order.
type properties []property

// UnmarshalJSON implements [json.Unmarshaler].
func (p *properties) UnmarshalJSON(data []byte) error {
	decoder := strictDecoder(data)
	if _, err := decoder.Token(); err != nil { // the opening brace
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		next := property{name: fmt.Sprint(name)} // a key is text
		if err := decoder.Decode(&next.keywords); err != nil {
			return err
		}
		*p = append(*p, next)
	}
	return nil
}

func strictDecoder(data []byte) *json.Decoder {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder
}

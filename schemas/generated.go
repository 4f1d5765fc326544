package schemas

import (
	"embed"
	"encoding/json"
	"fmt"
	"reflect"
)

//go:generate go run ./generate

// generated holds the schema of each struct that a tool or a prompt takes or gives, by the struct's name: reflecting all of them would take
// a third of the program's start.
//
//go:embed generated/*.json
var generated embed.FS

// Schema returns the JSON Schema of T: arguments of a tool or a prompt, or a tool's result, or a pointer to one. It panics if there is
// none, which is a mistake in the program.
func Schema[T any]() json.RawMessage {
	described := reflect.TypeFor[T]()
	if described.Kind() == reflect.Pointer {
		described = described.Elem()
	}
	name := described.Name()
	schema, err := generated.ReadFile("generated/" + name + ".json")
	if err != nil {
		panic(fmt.Sprintf("schemas: %s has no schema: name it in schemas/generate/structs.go and run go generate ./schemas", name))
	}
	return schema
}

// Package setup puts this server into the configuration files of MCP clients, and takes it out again.
//
// A file is edited as text: what is in it keeps its bytes, comments and order. Every edit is proved before it is written: the new text is
// read again, and must hold what the old one held and the entry, nothing else. Where that cannot be had the file is left alone.
//
// Keys stay out of these files. A client that asks for secrets and keeps them itself is told to; another is given the name of a variable
// of the environment; a client that can do neither, or whoever asks for it, gets the path of a file of mode 0600. The keychains of systems
// are not used: the server would have to open them at each start, where Linux without a desktop has none and macOS asks a person first.
package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Refusal says why a file was left alone, and what to do. Difference shows what is there against what should be, where that is the reason.
type Refusal struct {
	Problem    string
	Next       string
	Difference string
}

func (e *Refusal) Error() string { return e.Problem }

// NextStep says what to do.
func (e *Refusal) NextStep() string { return e.Next }

// Variable is one of the environment's.
type Variable struct{ Name, Value string }

// Server is what a client is told: how this server is started, and where it has its key from.
type Server struct {
	// Name is what the client calls it.
	Name      string
	Command   string
	Arguments []string
	// Environment holds no secrets.
	Environment []Variable
	// KeyFile is the file with the API key; without one a client's own way is used.
	KeyFile string
	// Demo needs no key.
	Demo bool
}

// The variables that hold the API key, or say which file does.
const (
	keyVariable     = "MAKE_API_KEY"
	keyFileVariable = "MAKE_API_KEY_FILE"
)

// CheckName says whether all clients can call a server so.
func CheckName(name string) error {
	if regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,40}$`).MatchString(name) {
		return nil
	}
	return &Refusal{Problem: fmt.Sprintf("%q is no name that every client takes", name),
		Next: "give --name up to 41 lower-case letters, digits, - and _, e.g. --name make-audit-eu2"}
}

// environment is what the entry sets: the settings, and the key as the client refers to it (nothing, where it does so elsewhere).
func (s Server) environment(key string) table {
	set := table{}
	for _, variable := range s.Environment {
		set = append(set, member{variable.Name, variable.Value})
	}
	switch {
	case s.Demo:
	case s.KeyFile != "":
		set = append(set, member{keyFileVariable, s.KeyFile})
	case key != "":
		set = append(set, member{keyVariable, key})
	}
	return set
}

// asksForKey reports whether the client must find the key in its own way.
func (s Server) asksForKey() bool { return !s.Demo && s.KeyFile == "" }

// table is an object of a configuration, in the order in which people read it.
type table []member

type member struct {
	name  string
	value any // a string, a number, true or false, []string or a table
}

// MarshalJSON implements [json.Marshaler].
func (t table) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	for i, m := range t {
		text.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		text.WriteString(quote(m.name) + ":" + compact(m.value))
	}
	if len(t) == 0 {
		text.WriteString("{")
	}
	text.WriteString("}")
	return text.Bytes(), nil
}

// compact is a value as JSON in one line, with < and & as they are.
func compact(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // what tables hold can be written
	return strings.TrimSuffix(text.String(), "\n")
}

func quote(text string) string { return compact(text) }

// pretty is a value as JSON whose lines but the first begin with a prefix.
func pretty(value any, prefix, unit string) string {
	var text bytes.Buffer
	_ = json.Indent(&text, []byte(compact(value)), prefix, unit)
	return text.String()
}

// addition is what setup puts below one key at the top of a document: a member, or an element of a list, which its id tells apart.
type addition struct {
	Under string `json:"under"`
	Name  string `json:"name,omitempty"`
	ID    string `json:"id,omitempty"`
	// Value is a table as long as it is to be written, and whatever JSON makes of it when it comes from the record.
	Value any `json:"value"`
}

// contents is a document as all formats have it: what JSON could say.
type contents map[string]any

// find returns what the document has in the place of an addition, or nil.
func (c contents) find(a addition) any {
	switch under := c[a.Under].(type) {
	case map[string]any:
		return under[a.Name]
	case []any:
		if i := a.index(under); i >= 0 {
			return under[i]
		}
	}
	return nil
}

func (a addition) index(list []any) int {
	return slices.IndexFunc(list, func(element any) bool {
		object, ok := element.(map[string]any)
		return ok && object["id"] == a.ID
	})
}

// fits says why an addition has no place in the document, or nil.
func (c contents) fits(a addition) error {
	switch under := c[a.Under].(type) {
	case nil:
		return nil
	case map[string]any:
		if a.ID == "" {
			return nil
		}
		return fmt.Errorf("%q is an object, where a list should be", a.Under)
	case []any:
		if a.ID != "" {
			return nil
		}
		return fmt.Errorf("%q is a list, where an object should be", a.Under)
	default:
		return fmt.Errorf("%q is neither an object nor a list, but %s", a.Under, shortened(compact(under)))
	}
}

// with returns the document with an addition that fits and is not there yet.
func (c contents) with(a addition) contents {
	changed := c.copied()
	if a.ID != "" {
		list, _ := c[a.Under].([]any)
		changed[a.Under] = append(slices.Clone(list), normal(a.Value))
		return changed
	}
	object, _ := c[a.Under].(map[string]any)
	object = contents(object).copied()
	object[a.Name] = normal(a.Value)
	changed[a.Under] = object
	return changed
}

// without returns the document without what stands in an addition's place. What holds nothing else then goes as well: to clients it is the
// same.
func (c contents) without(a addition) contents {
	changed := c.copied()
	switch under := c[a.Under].(type) {
	case map[string]any:
		object := contents(under).copied()
		delete(object, a.Name)
		changed[a.Under] = map[string]any(object)
	case []any:
		if i := a.index(under); i >= 0 {
			changed[a.Under] = slices.Delete(slices.Clone(under), i, i+1)
		}
	}
	return changed
}

// tidy leaves out what an addition would be put below, if it is empty.
func (c contents) tidy(a addition) contents {
	if text := compact(c[a.Under]); text == "null" || text == "{}" || text == "[]" {
		c = c.copied()
		delete(c, a.Under)
	}
	return c
}

func (c contents) copied() contents {
	changed := contents{}
	for key, value := range c {
		changed[key] = value
	}
	return changed
}

// normal is a value as JSON reads it, so that two can be compared.
func normal(value any) any {
	decoder := json.NewDecoder(strings.NewReader(compact(value)))
	decoder.UseNumber()
	var read any
	if decoder.Decode(&read) != nil {
		return nil
	}
	return read
}

// shortened is the beginning of a text that may be long.
func shortened(text string) string {
	const enough = 40
	if runes := []rune(text); len(runes) > enough {
		return string(runes[:enough]) + "…"
	}
	return text
}

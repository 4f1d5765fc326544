package toolargs

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// Words are arguments as flags, in the object's order: what [Schema.Parse] reads as the same call. ok is false for what only JSON can say,
// such as arguments that the tool does not have.
func (s *Schema) Words(arguments json.RawMessage) (words []string, ok bool) {
	ok = true
	gjson.ParseBytes(arguments).ForEach(func(name, value gjson.Result) bool {
		argument := s.Find(name.String())
		if argument == nil || argument.Name != name.String() {
			ok = false
			return false
		}
		if argument.isBoolean() && value.Type == gjson.True {
			words = append(words, argument.Flag())
			return true
		}
		text, isPlain := typed(argument, value)
		switch {
		case !isPlain:
			ok = false
			return false
		case strings.HasPrefix(text, "-") || argument.isBoolean():
			words = append(words, argument.Flag()+"="+text)
		default:
			words = append(words, argument.Flag(), text)
		}
		return true
	})
	return words, ok
}

// typed is a value as somebody would type it.
func typed(argument *Argument, value gjson.Result) (text string, isPlain bool) {
	if value.IsObject() || value.Type == gjson.Null {
		return "", false
	}
	items := []gjson.Result{value}
	if value.IsArray() {
		items = value.Array()
	}
	if len(items) == 0 || len(items) > 1 && !argument.IsList {
		return "", false
	}
	var parts []string
	needsJSON := false
	for _, item := range items {
		part := strings.TrimSpace(item.String())
		if item.IsObject() || item.IsArray() || item.Type == gjson.Null || part == "" {
			return "", false
		}
		needsJSON = needsJSON || argument.IsList && (strings.Contains(part, ",") || strings.HasPrefix(part, "["))
		parts = append(parts, part)
	}
	if needsJSON {
		quotedParts := make([]json.RawMessage, 0, len(parts))
		for _, part := range parts {
			quotedParts = append(quotedParts, quoted(part))
		}
		return string(joined(quotedParts)), true
	}
	return strings.Join(parts, ","), true
}

// example is the argument as somebody might give it.
func (a *Argument) example() string {
	switch {
	case a.isBoolean():
		return a.Flag()
	case len(a.Accepted) > 0:
		return a.Flag() + " " + a.Accepted[0]
	case a.Type == "integer" && a.Minimum != "":
		return a.Flag() + " " + a.Minimum
	case a.Name == "from":
		return a.Flag() + " 7d"
	}
	return a.Flag() + " VALUE"
}

// example is a first argument, as a flag and as a pair.
func (s *Schema) example() string {
	if len(s.Arguments) == 0 {
		return "no argument at all: this tool takes none"
	}
	argument := &s.Arguments[0]
	if from := s.Find("from"); from != nil {
		argument = from
	}
	return argument.example()
}

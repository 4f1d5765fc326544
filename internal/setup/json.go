package setup

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/tailscale/hujson"
)

// jsonFormat is JSON, with the comments and trailing commas that editors allow.
type jsonFormat struct{}

func (jsonFormat) called() string { return "JSON" }

func (jsonFormat) decode(text string) (contents, error) {
	if strings.Trim(text, blanks) == "" {
		return contents{}, nil
	}
	if err := shallow(quotedJSON.ReplaceAllLiteralString(text, "")); err != nil {
		return nil, err
	}
	standard, err := hujson.Standardize([]byte(text))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(standard)))
	decoder.UseNumber()
	var held any
	if err := decoder.Decode(&held); err != nil {
		return nil, err
	}
	switch held := held.(type) {
	case nil:
		return contents{}, nil
	case map[string]any:
		return held, nil
	}
	return nil, errors.New("it holds no object, but " + shortened(strings.Trim(text, blanks)))
}

// quotedJSON is what may hold brackets that are none: texts and comments. A client's history of pasted logs holds thousands.
var quotedJSON = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|//[^\n]*|/\*(?s:.*?)\*/`)

func (jsonFormat) insert(text string, a addition) (string, error) {
	if strings.Trim(text, blanks) == "" {
		text = "{}" + newline(text)
	}
	root, err := hujson.Parse([]byte(text))
	if err != nil {
		return "", err
	}
	if isNull(root) {
		text = spliced(text, splice{root.StartOffset, root.EndOffset, "{}"})
		return jsonFormat{}.insert(text, a)
	}
	top := bracketOf(text, root)
	under := top.member(a.Under)
	switch {
	case under == nil && a.ID != "":
		return top.insert(a.Under, []any{a.Value}), nil
	case under == nil:
		return top.insert(a.Under, table{{a.Name, a.Value}}), nil
	case isNull(*under):
		brackets := map[bool]string{true: "[]", false: "{}"}[a.ID != ""]
		text = spliced(text, splice{under.StartOffset, under.EndOffset, brackets})
		return jsonFormat{}.insert(text, a)
	}
	return bracketOf(text, *under).insert(a.Name, a.Value), nil
}

func (jsonFormat) remove(text string, a addition) (string, error) {
	root, err := hujson.Parse([]byte(text))
	if err != nil {
		return "", err
	}
	under := bracketOf(text, root).member(a.Under)
	if under == nil {
		return text, nil
	}
	inner := bracketOf(text, *under)
	for i := len(inner.items) - 1; i >= 0; i-- {
		id, _ := inner.items[i].member("id").literal()
		if a.ID == "" && inner.items[i].name == a.Name || a.ID != "" && id == a.ID {
			return inner.remove(i), nil
		}
	}
	return text, nil
}

func isNull(value hujson.Value) bool {
	literal, ok := value.Value.(hujson.Literal)
	return ok && string(literal) == "null"
}

// bracket is an object or a list, and where its items are in the text.
type bracket struct {
	text        string
	open, close int // of the brackets themselves
	items       []item
	hasLast     bool // a comma follows the last item
}

type item struct {
	name            string // empty in lists
	from, to, comma int    // comma is where one follows, or would
	value           *hujson.Value
}

func bracketOf(text string, value hujson.Value) bracket {
	b := bracket{text: text, open: value.StartOffset, close: value.EndOffset - 1}
	add := func(name string, from int, v *hujson.Value) {
		b.items = append(b.items, item{name, from, v.EndOffset, v.EndOffset + len(v.AfterExtra), v})
		b.hasLast = v.AfterExtra != nil
	}
	switch held := value.Value.(type) {
	case *hujson.Object:
		for i := range held.Members {
			name, _ := held.Members[i].Name.Value.(hujson.Literal)
			add(name.String(), held.Members[i].Name.StartOffset, &held.Members[i].Value)
		}
	case *hujson.Array:
		for i := range held.Elements {
			add("", held.Elements[i].StartOffset, &held.Elements[i])
		}
	}
	return b
}

// member returns the value of a name, or nil. Of two the last counts, as for clients.
func (b bracket) member(name string) (value *hujson.Value) {
	for _, item := range b.items {
		if item.name == name {
			value = item.value
		}
	}
	return value
}

// member returns a member of an item that is an object.
func (i item) member(name string) literal {
	return literal{bracketOf("", *i.value).member(name)}
}

type literal struct{ value *hujson.Value }

func (l literal) literal() (text string, ok bool) {
	if l.value == nil {
		return "", false
	}
	held, ok := l.value.Value.(hujson.Literal)
	return held.String(), ok
}

// insert returns the text with another item at the end, written as the others are.
func (b bracket) insert(name string, value any) string {
	label := ""
	if b.text[b.open] == '{' {
		label = quote(name) + ":"
	}
	unit := b.unit()
	outer := indentation(b.text, b.open)
	if len(b.items) == 0 {
		written := newline(b.text) + outer + unit + spaced(label) + b.lines(value, outer+unit, unit)
		end := len(strings.TrimRight(b.text[:b.close], blanks))
		if end > b.open+1 { // a comment
			return spliced(b.text, splice{end, end, written})
		}
		return spliced(b.text, splice{b.open + 1, b.close, written + newline(b.text) + outer})
	}
	last := b.items[len(b.items)-1]
	if !startsLine(b.text, b.items[0].from) {
		return spliced(b.text, splice{last.to, last.to, "," + label + compact(value)})
	}
	indent := indentation(b.text, b.items[0].from)
	end := len(strings.TrimRight(b.text[:b.close], blanks))
	written := newline(b.text) + indent + spaced(label) + b.lines(value, indent, unit)
	if b.hasLast {
		return spliced(b.text, splice{end, end, written + ","})
	}
	return spliced(b.text, splice{last.to, last.to, ","}, splice{end, end, written})
}

func spaced(label string) string {
	if label == "" {
		return ""
	}
	return label + " "
}

func (b bracket) lines(value any, indent, unit string) string {
	return strings.ReplaceAll(pretty(value, indent, unit), "\n", newline(b.text))
}

// remove returns the text without an item, its comma and the space before it.
func (b bracket) remove(i int) string {
	gone := b.items[i]
	from := len(strings.TrimRight(b.text[:gone.from], blanks))
	if len(b.items) == 1 && !b.hasLast && strings.Trim(b.text[b.open+1:from]+b.text[gone.to:b.close], blanks) == "" {
		return spliced(b.text, splice{from: b.open + 1, to: b.close})
	}
	switch {
	case i < len(b.items)-1 || b.hasLast:
		return spliced(b.text, splice{from: from, to: gone.to}, splice{from: gone.comma, to: gone.comma + 1})
	case i > 0:
		before := b.items[i-1].comma
		return spliced(b.text, splice{from: before, to: before + 1}, splice{from: from, to: gone.to})
	}
	return spliced(b.text, splice{from: from, to: gone.to})
}

// unit is what the text indents by: what its first indented line begins with.
func (b bracket) unit() string {
	for line := range strings.Lines(b.text) {
		if rest := strings.TrimLeft(line, " \t"); len(rest) < len(line) && strings.HasPrefix(rest, `"`) {
			return line[:len(line)-len(rest)]
		}
	}
	return "  "
}

// indentation is what the line begins with that has a place of the text.
func indentation(text string, at int) string {
	line := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// startsLine reports whether nothing but space stands before a place in its line.
func startsLine(text string, at int) bool {
	line := strings.LastIndexByte(text[:at], '\n')
	return line >= 0 && strings.Trim(text[line:at], blanks) == ""
}

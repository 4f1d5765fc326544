package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

const (
	// maxArgumentBytes bounds what one call may send altogether.
	maxArgumentBytes = 1 << 20
	// maxArgumentDepth ends the measuring of a value that contains itself.
	maxArgumentDepth = 64
	// defaultMaxLength bounds a text, in characters, whose schema does not.
	defaultMaxLength = 500
	// defaultMaxItems bounds a list whose schema does not.
	defaultMaxItems = 1000
	// maxNumberDigits bounds the text and the exponent of a number: its exact
	// value is computed, and 1e999999999 would take all memory.
	maxNumberDigits = 40
	// maxListed bounds how much of the same kind one error tells.
	maxListed = 20
)

// ArgumentError is returned for arguments that cannot be used. It holds every
// problem that was found, so that one correction mends them all.
type ArgumentError struct {
	Problems []Problem
}

// Problem is what is wrong with one argument.
type Problem struct {
	// Argument is the argument's name, cleaned; empty if the arguments as a whole
	// are meant.
	Argument string
	// Message says what was wrong with the value, what is accepted, and an example.
	Message string
}

// Error lists the problems, one a line.
func (e *ArgumentError) Error() string {
	if len(e.Problems) == 1 {
		return "cannot use the arguments: " + e.Problems[0].String()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "cannot use the arguments, %d problems:", len(e.Problems))
	for i, problem := range e.Problems {
		if i == maxListed {
			fmt.Fprintf(&text, "\n- and %d more", len(e.Problems)-i)
			break
		}
		text.WriteString("\n- " + problem.String())
	}
	return text.String()
}

// CallersMistake reports that other arguments would help.
func (*ArgumentError) CallersMistake() bool { return true }

// String tells the problem with its argument.
func (p Problem) String() string {
	if p.Argument == "" {
		return p.Message
	}
	return p.Argument + ": " + p.Message
}

// Arguments reads the arguments of one tool by its input schema. It is safe for
// concurrent use.
type Arguments struct {
	parameters []parameter // in the schema's order
	names      []string
}

// parameter is one argument, or the item of a list, as the schema describes it.
type parameter struct {
	name     string
	required bool
	// kind is string, integer, number, boolean or array.
	kind               string
	enum               []string
	example            string
	minimum, maximum   *big.Rat
	minLength          int
	maxLength          int
	minItems, maxItems int
	item               *parameter
}

// NewArguments compiles an input schema as [Input] makes it: an object whose
// properties are texts, numbers, booleans, and lists of them. A keyword that
// constrains and is not understood is an error, since it would not be enforced.
func NewArguments(schema json.RawMessage) (*Arguments, error) {
	var root struct {
		Type                 string          `json:"type"`
		Properties           json.RawMessage `json:"properties"`
		Required             []string        `json:"required"`
		AdditionalProperties *bool           `json:"additionalProperties"`
		Schema               string          `json:"$schema"`
		ID                   string          `json:"$id"`
		Title                string          `json:"title"`
		Description          string          `json:"description"`
	}
	if err := decodeStrictly(schema, &root); err != nil {
		return nil, fmt.Errorf("input schema: %w", err)
	}
	if root.Type != "object" || root.AdditionalProperties == nil || *root.AdditionalProperties {
		return nil, errors.New("input schema: want type object with additionalProperties false")
	}
	properties := map[string]json.RawMessage{}
	if root.Properties != nil {
		if err := json.Unmarshal(root.Properties, &properties); err != nil {
			return nil, fmt.Errorf("input schema: properties: %w", err)
		}
	}
	arguments := &Arguments{names: keysInOrder(root.Properties)}
	for _, name := range arguments.names {
		compiled, err := compileParameter(name, properties[name])
		if err != nil {
			return nil, fmt.Errorf("input schema: property %q: %w", name, err)
		}
		compiled.required = slices.Contains(root.Required, name)
		arguments.parameters = append(arguments.parameters, *compiled)
	}
	for _, name := range root.Required {
		if _, ok := properties[name]; !ok {
			return nil, fmt.Errorf("input schema: %q is required but has no property", name)
		}
	}
	return arguments, nil
}

// property is the subset of JSON Schema that is understood, with the keywords
// that merely describe.
type property struct {
	Type      string            `json:"type"`
	Enum      []json.RawMessage `json:"enum"`
	Minimum   json.Number       `json:"minimum"`
	Maximum   json.Number       `json:"maximum"`
	MinLength int               `json:"minLength"`
	MaxLength int               `json:"maxLength"`
	MinItems  int               `json:"minItems"`
	MaxItems  int               `json:"maxItems"`
	Items     json.RawMessage   `json:"items"`
	OneOf     []json.RawMessage `json:"oneOf"`

	Title       string            `json:"title"`
	Description string            `json:"description"`
	Format      string            `json:"format"`
	Default     json.RawMessage   `json:"default"`
	Examples    []json.RawMessage `json:"examples"`
	Deprecated  bool              `json:"deprecated"`
}

func compileParameter(name string, schema json.RawMessage) (*parameter, error) {
	var from property
	if err := decodeStrictly(schema, &from); err != nil {
		return nil, err
	}
	if len(from.OneOf) == 2 && from.Type == "" {
		// What the tag "nullable" makes: null means absent here anyway.
		var second property
		if err := json.Unmarshal(from.OneOf[1], &second); err == nil && second.Type == "null" {
			return compileParameter(name, from.OneOf[0])
		}
	}
	if from.OneOf != nil {
		return nil, errors.New("oneOf is understood only for a type or null")
	}
	to := &parameter{
		name: name, kind: from.Type, minLength: from.MinLength, minItems: from.MinItems,
		maxLength: defaultMaxLength, maxItems: defaultMaxItems,
	}
	if from.MaxLength > 0 {
		to.maxLength = from.MaxLength
	}
	if from.MaxItems > 0 {
		to.maxItems = from.MaxItems
	}
	for _, value := range from.Enum {
		to.enum = append(to.enum, plainText(value))
	}
	var err error
	if to.minimum, err = limit(from.Minimum); err != nil {
		return nil, err
	}
	if to.maximum, err = limit(from.Maximum); err != nil {
		return nil, err
	}
	switch to.kind {
	case "string", "integer", "number", "boolean":
	case "array":
		if to.item, err = compileParameter(name, from.Items); err != nil {
			return nil, fmt.Errorf("items: %w", err)
		}
		if to.item.kind == "array" {
			return nil, errors.New("lists of lists are not supported")
		}
	default:
		return nil, fmt.Errorf("type %q is not supported", to.kind)
	}
	to.example = exampleOf(from, to)
	return to, nil
}

// exampleOf tells a value that would be accepted, as JSON.
func exampleOf(from property, to *parameter) string {
	switch {
	case len(from.Examples) > 0:
		return string(from.Examples[0])
	case len(from.Default) > 0:
		return string(from.Default)
	case len(from.Enum) > 0:
		return string(from.Enum[0])
	}
	switch to.kind {
	case "array":
		return "[" + to.item.example + "]"
	case "boolean":
		return "true"
	case "string":
		return `"some text"`
	}
	switch {
	case to.minimum != nil:
		return numberText(to.minimum)
	case to.maximum != nil:
		return numberText(to.maximum)
	}
	return "42"
}

func limit(number json.Number) (*big.Rat, error) {
	if number == "" {
		return nil, nil
	}
	value, ok := parseNumber(number.String())
	if !ok {
		return nil, fmt.Errorf("limit %s cannot be read", number)
	}
	return value, nil
}

// decodeStrictly refuses unknown keywords.
func decodeStrictly(data json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// keysInOrder returns the keys of a JSON object in the order they are written.
func keysInOrder(object json.RawMessage) []string {
	var names []string
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return names
		}
		names = append(names, name)
		var skipped json.RawMessage
		if decoder.Decode(&skipped) != nil {
			return names
		}
	}
	return names
}

// Decode checks the arguments of a call against the schema, coerces them where
// the meaning is plain, and stores them into the struct that into points to.
// arguments is what mcp-go's CallToolRequest holds: GetRawArguments() keeps
// integers beyond 2^53 exact, Params.Arguments does not.
//
// Null, an empty text and an empty list mean that the argument was left out.
// Defaults are not filled in, so that the tool can tell. What is wrong with the
// arguments comes back as an [*ArgumentError].
func (a *Arguments) Decode(arguments any, into any) error {
	values, err := argumentObject(arguments)
	if err != nil {
		return err
	}
	accepted := make(map[string]any, len(a.parameters))
	var problems []Problem
	for i := range a.parameters {
		p := &a.parameters[i]
		value, present, found := p.read(values[p.name])
		switch {
		case len(found) > 0:
			problems = append(problems, found...)
		case present:
			accepted[p.name] = value
		case p.required:
			problems = append(problems, Problem{p.name, "is missing and required; " + p.accepted()})
		}
	}
	problems = append(problems, a.unknown(values)...)
	if len(problems) > 0 {
		return &ArgumentError{problems}
	}
	data, err := json.Marshal(accepted)
	if err != nil {
		return fmt.Errorf("writing the checked arguments: %w", err)
	}
	err = json.Unmarshal(data, into)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// The schema allows what the field cannot hold, such as 300 in an int8.
		return &ArgumentError{[]Problem{{mismatch.Field, auditlog.Text(mismatch.Value).Clean() + " does not fit; send a smaller value"}}}
	}
	if err != nil {
		return fmt.Errorf("reading the checked arguments: %w", err)
	}
	return nil
}

// unknown refuses the arguments that the tool does not have: a misspelt filter
// that is dropped would silently widen the question.
func (a *Arguments) unknown(values map[string]any) []Problem {
	var problems []Problem
	names := slices.Sorted(maps.Keys(values))
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(a.names, name) })
	for i, name := range names {
		if i == maxListed {
			problems = append(problems, Problem{"", fmt.Sprintf("%d more unknown arguments", len(names)-i)})
			break
		}
		problem := Problem{Argument: auditlog.Text(name).Quote()}
		if len(a.names) == 0 {
			problem.Message = "unknown argument; this tool takes none: leave it out"
		} else {
			problem.Message = "unknown argument"
			// Comparing costs by length; no name of ours is long.
			if near := question.Nearest(auditlog.Text(name).CleanTo(60), a.names, 1); len(near) > 0 {
				problem.Message += "; did you mean " + near[0] + "?"
			}
			problem.Message += "; accepted: " + strings.Join(a.names, ", ")
		}
		problems = append(problems, problem)
	}
	return problems
}

// argumentObject brings whatever arguments were given into one form: a map with
// exact numbers.
func argumentObject(arguments any) (map[string]any, error) {
	if raw, ok := arguments.(json.RawMessage); ok && len(raw) == 0 {
		return nil, nil
	}
	if measure(arguments, 0) > maxArgumentBytes {
		return nil, wholeError("the arguments are larger than 1 MiB; send fewer or shorter values")
	}
	const wanted = `the arguments must be one JSON object such as {"name": "value"}`
	data, err := json.Marshal(arguments)
	if err != nil {
		return nil, wholeError(wanted + "; what was sent is not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, wholeError(wanted + "; what was sent is not JSON")
	}
	switch value := value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	}
	return nil, wholeError(wanted + ", not " + describe(value))
}

func wholeError(message string) error {
	return &ArgumentError{[]Problem{{"", message}}}
}

// measure adds up roughly what a value takes, and stops soon after the bound.
func measure(value any, depth int) int {
	const perValue = 8
	if depth > maxArgumentDepth {
		return maxArgumentBytes + 1
	}
	total := perValue
	switch value := value.(type) {
	case json.RawMessage:
		return len(value)
	case string:
		return perValue + len(value)
	case []any:
		for _, item := range value {
			if total += measure(item, depth+1); total > maxArgumentBytes {
				break
			}
		}
	case map[string]any:
		for name, item := range value {
			if total += len(name) + measure(item, depth+1); total > maxArgumentBytes {
				break
			}
		}
	}
	return total
}

// read returns the value of the parameter as it is to be stored, and whether
// there is one.
func (p *parameter) read(raw any) (value any, present bool, problems []Problem) {
	if text, ok := raw.(string); raw == nil || ok && strings.TrimSpace(text) == "" {
		return nil, false, nil
	}
	if p.kind == "array" {
		return p.readList(raw)
	}
	if list, ok := raw.([]any); ok && len(list) == 1 {
		raw = list[0]
	} else if ok && len(list) == 0 {
		return nil, false, nil
	}
	value, complaint := p.readOne(raw)
	if complaint != "" {
		return nil, false, []Problem{{p.name, complaint + "; " + p.accepted()}}
	}
	return value, true, nil
}

func (p *parameter) readList(raw any) (any, bool, []Problem) {
	refuse := func(complaint string) (any, bool, []Problem) {
		return nil, false, []Problem{{p.name, complaint + "; " + p.accepted()}}
	}
	list, ok := raw.([]any)
	if !ok {
		if list, ok = listInText(raw); !ok {
			list = []any{raw}
		}
	}
	switch {
	case len(list) == 0:
		return nil, false, nil
	case len(list) > p.maxItems:
		return refuse(fmt.Sprintf("has %d values", len(list)))
	case len(list) < p.minItems:
		return refuse(fmt.Sprintf("has only %d", len(list)))
	}
	values := make([]any, 0, len(list))
	var problems []Problem
	for i, item := range list {
		value, complaint := p.item.readOne(item)
		if complaint != "" {
			where := ""
			if len(list) > 1 {
				where = fmt.Sprintf("value %d: ", i+1)
			}
			problems = append(problems, Problem{p.name, where + complaint + "; " + p.accepted()})
		}
		values = append(values, value)
	}
	return values, true, problems
}

// listInText reads a list that a client sent as the text of a JSON list.
func listInText(raw any) ([]any, bool) {
	text, ok := raw.(string)
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return nil, false
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var list []any
	if decoder.Decode(&list) != nil {
		return nil, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, false // text follows, so it is a name such as "[1] Sales"
	}
	return list, true
}

// readOne reads a single value; complaint is empty if it can be used.
func (p *parameter) readOne(raw any) (value any, complaint string) {
	switch p.kind {
	case "string":
		return p.readText(raw)
	case "boolean":
		text, isText := raw.(string)
		switch value, isBool := raw.(bool); {
		case isBool:
			return value, ""
		case isText && strings.EqualFold(strings.TrimSpace(text), "true"):
			return true, ""
		case isText && strings.EqualFold(strings.TrimSpace(text), "false"):
			return false, ""
		}
		return nil, describe(raw) + " is neither true nor false"
	}
	return p.readNumber(raw)
}

func (p *parameter) readText(raw any) (any, string) {
	text, ok := raw.(string)
	if number, isNumber := raw.(json.Number); isNumber {
		value, readable := parseNumber(number.String())
		if !readable {
			return nil, describe(raw) + " is too long for a number; send it as text"
		}
		text, ok = numberText(value), true
	}
	if !ok {
		return nil, describe(raw) + " is not text"
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, "an empty text"
	}
	if p.enum != nil {
		return p.choose(text, raw)
	}
	switch length := utf8.RuneCountInString(text); {
	case length > p.maxLength:
		return nil, fmt.Sprintf("has %d characters", length)
	case length < p.minLength:
		return nil, fmt.Sprintf("has only %d characters", length)
	}
	return text, ""
}

// choose finds one of the allowed values, ignoring case and how words are joined.
func (p *parameter) choose(text string, raw any) (any, string) {
	fold := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(s))
	}
	for _, allowed := range p.enum {
		if fold(allowed) == fold(text) {
			return allowed, ""
		}
	}
	return nil, describe(raw) + " is not one of them"
}

func (p *parameter) readNumber(raw any) (any, string) {
	var text string
	switch raw := raw.(type) {
	case json.Number:
		text = raw.String()
	case string:
		text = strings.TrimSpace(raw)
	}
	value, ok := parseNumber(text)
	switch {
	case !ok:
		return nil, describe(raw) + " is not a number that can be used"
	case p.kind == "integer" && !value.IsInt():
		return nil, describe(raw) + " is not a whole number"
	case p.minimum != nil && value.Cmp(p.minimum) < 0:
		return nil, describe(raw) + " is too small"
	case p.maximum != nil && value.Cmp(p.maximum) > 0:
		return nil, describe(raw) + " is too large"
	case p.enum != nil && !slices.Contains(p.enum, numberText(value)):
		return nil, describe(raw) + " is not one of them"
	}
	// As text, for a float64 in between would lose integers beyond 2^53.
	return json.Number(numberText(value)), ""
}

// parseNumber returns the exact value of a decimal number.
func parseNumber(text string) (*big.Rat, bool) {
	// big.Rat would also read fractions, hexadecimal and digit groups.
	if len(text) > maxNumberDigits || strings.Trim(text, "+-.0123456789eE") != "" {
		return nil, false
	}
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		if exponent, err := strconv.Atoi(text[at+1:]); err != nil || max(exponent, -exponent) > maxNumberDigits {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

// numberText writes a decimal number in full, without an exponent.
func numberText(value *big.Rat) string {
	digits, _ := value.FloatPrec() // exact: the number was decimal
	return value.FloatString(digits)
}

// plainText returns a JSON scalar as it would be typed: texts without quotes.
func plainText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// accepted says what the parameter takes, with an example.
func (p *parameter) accepted() string {
	return "accepted: " + p.takes() + "; for example " + p.example
}

func (p *parameter) takes() string {
	switch {
	case p.kind == "array":
		count := "up to " + strconv.Itoa(p.maxItems)
		if p.minItems > 0 {
			count = strconv.Itoa(p.minItems) + " to " + strconv.Itoa(p.maxItems)
		}
		return "a list of " + count + ", each " + p.item.takes()
	case p.enum != nil:
		return "one of " + strings.Join(p.enum, ", ")
	case p.kind == "boolean":
		return "true or false"
	case p.kind == "string" && p.minLength > 1:
		return fmt.Sprintf("text of %d to %d characters", p.minLength, p.maxLength)
	case p.kind == "string":
		return fmt.Sprintf("text of at most %d characters", p.maxLength)
	}
	kind := "a number"
	if p.kind == "integer" {
		kind = "a whole number"
	}
	switch {
	case p.minimum != nil && p.maximum != nil:
		return kind + " from " + numberText(p.minimum) + " to " + numberText(p.maximum)
	case p.minimum != nil:
		return kind + " from " + numberText(p.minimum)
	case p.maximum != nil:
		return kind + " up to " + numberText(p.maximum)
	}
	return kind
}

// describe names a value that was sent: scalars quoted, others by their kind.
func describe(raw any) string {
	switch raw := raw.(type) {
	case nil:
		return "null"
	case string:
		return auditlog.Text(raw).Quote()
	case json.Number:
		return auditlog.Text(raw).CleanTo(maxNumberDigits)
	case bool:
		return strconv.FormatBool(raw)
	case []any:
		return fmt.Sprintf("a list of %d", len(raw))
	}
	return "an object"
}

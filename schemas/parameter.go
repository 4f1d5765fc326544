package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
)

const (
	// defaultMaxLength bounds a text, in characters, whose schema does not.
	defaultMaxLength = 200
	// defaultMaxItems bounds a list whose schema does not.
	defaultMaxItems = 100
	// maxNumberDigits bounds the text and the exponent of a number: it is written in full, and 1e999999999 would take all memory.
	maxNumberDigits = 40
)

// Parameter is one argument that may be given.
type Parameter struct {
	Name        string
	Description string
	Required    bool
}

// parameter is one argument as the schema describes it.
type parameter struct {
	Parameter
	isList   bool
	maxItems int

	// Of a list, these are its items'.
	kind             string // string, integer or boolean
	enum             []string
	maxLength        int
	minimum, maximum int64 // maximum is the largest int64 where the schema has none
}

// readParameters returns what a schema says of arguments: texts, whole numbers with a minimum, booleans, and lists of them.
func readParameters(schema json.RawMessage) ([]parameter, error) {
	var object keywords
	if err := strictDecoder(schema).Decode(&object); err != nil {
		return nil, err
	}
	parameters := make([]parameter, 0, len(object.Properties))
	for _, property := range object.Properties {
		p := parameter{Parameter: Parameter{property.name, property.Description, slices.Contains(object.Required, property.name)}}
		if err := p.describe(&property.keywords); err != nil {
			return nil, fmt.Errorf("argument %s: %w", p.Name, err)
		}
		parameters = append(parameters, p)
	}
	return parameters, nil
}

func (p *parameter) describe(schema *keywords) (err error) {
	if schema.Type == "array" && schema.Items != nil {
		p.isList, p.maxItems = true, bound(schema.MaxItems, defaultMaxItems)
		schema.Items.MinItems = schema.MinItems
		schema = schema.Items
	}
	p.kind, p.enum, p.maxLength, p.maximum = schema.Type, schema.Enum, bound(schema.MaxLength, defaultMaxLength), math.MaxInt64
	// A least length of one always holds, since what is empty counts as left out.
	if bound(schema.MinLength, 1) != 1 || bound(schema.MinItems, 1) != 1 {
		return errors.New("a least length or number other than one is not enforced")
	}
	switch p.kind {
	case "string", "boolean":
	case "integer":
		p.minimum, err = strconv.ParseInt(string(schema.Minimum), 10, 64)
		if schema.Maximum != "" && err == nil {
			p.maximum, err = strconv.ParseInt(string(schema.Maximum), 10, 64)
		}
	default:
		err = fmt.Errorf("type %q is not supported", p.kind)
	}
	if err != nil {
		return fmt.Errorf("want a text, a boolean or an integer with a minimum: %w", err)
	}
	return nil
}

func bound(given *int, otherwise int) int {
	if given == nil {
		return otherwise
	}
	return *given
}

// read returns the value as it is to be stored; nil for one that was left out.
func (p *parameter) read(raw any) (any, []Problem) {
	if text, ok := raw.(string); raw == nil || ok && strings.TrimSpace(text) == "" {
		return nil, nil
	}
	list, ok := raw.([]any)
	if !ok && p.isList {
		list, ok = listInText(raw)
	}
	switch {
	case !ok || !p.isList && len(list) > 1:
		list = []any{raw}
	case len(list) == 0:
		return nil, nil
	case p.isList && len(list) > p.maxItems:
		return nil, []Problem{p.problem(fmt.Sprintf("has %d values", len(list)))}
	}
	values := make([]any, 0, len(list))
	var problems []Problem
	for i, item := range list {
		value, complaint := p.readOne(item)
		if complaint != "" {
			if len(list) > 1 {
				complaint = fmt.Sprintf("value %d: %s", i+1, complaint)
			}
			problems = append(problems, p.problem(complaint))
		}
		values = append(values, value)
	}
	if !p.isList {
		return values[0], problems
	}
	return values, problems
}

// listInText reads a list that a client sent as the text of a JSON list. Other text is a name, such as "[1] Sales".
func listInText(raw any) ([]any, bool) {
	text, ok := raw.(string)
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return nil, false
	}
	value, err := decodeExactly([]byte(text))
	list, ok := value.([]any)
	return list, err == nil && ok
}

// readOne reads a single value; complaint is empty if it can be used.
func (p *parameter) readOne(raw any) (value any, complaint string) {
	switch p.kind {
	case "string":
		return p.readText(raw)
	case "boolean":
		switch strings.ToLower(strings.TrimSpace(fmt.Sprint(raw))) {
		case "true":
			return true, ""
		case "false":
			return false, ""
		}
		return nil, describe(raw) + " is neither true nor false"
	}
	return p.readInteger(raw)
}

func (p *parameter) readText(raw any) (any, string) {
	text, ok := raw.(string)
	if number, isNumber := raw.(json.Number); isNumber {
		if text, ok = decimal(number.String()); !ok {
			return nil, describe(raw) + " is too long for a number; send it as text"
		}
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
	if length := utf8.RuneCountInString(text); length > p.maxLength {
		return nil, fmt.Sprintf("has %d characters", length)
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

func (p *parameter) readInteger(raw any) (any, string) {
	var text string
	switch raw := raw.(type) {
	case json.Number:
		text = raw.String()
	case string:
		text = strings.TrimSpace(raw)
	}
	text, ok := decimal(text)
	// One beyond int64 becomes the nearest that is not: here it is only compared.
	value, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !ok:
		return nil, describe(raw) + " is not a number that can be used"
	case errors.Is(err, strconv.ErrSyntax):
		return nil, describe(raw) + " is not a whole number"
	case value < p.minimum:
		return nil, describe(raw) + " is too small"
	case value > p.maximum:
		return nil, describe(raw) + " is too large"
	}
	// As text, for a float64 in between would lose integers beyond 2^53.
	return json.Number(text), ""
}

// decimal returns a number in full, without an exponent, and whether it can be read.
func decimal(text string) (string, bool) {
	// big.Rat would also read fractions, hexadecimal and digit groups.
	if len(text) > maxNumberDigits || strings.Trim(text, "+-.0123456789eE") != "" {
		return "", false
	}
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		if exponent, err := strconv.Atoi(text[at+1:]); err != nil || max(exponent, -exponent) > maxNumberDigits {
			return "", false
		}
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", false
	}
	digits, _ := value.FloatPrec() // exact: the number was decimal
	return value.FloatString(digits), true
}

// problem is a complaint about the argument, with what is accepted and an example.
func (p *parameter) problem(complaint string) Problem {
	takes, example := p.takes()
	if p.isList {
		count := "up to " + strconv.Itoa(p.maxItems)
		if p.Required {
			count = "1 to " + strconv.Itoa(p.maxItems)
		}
		takes, example = "a list of "+count+", each "+takes, "["+example+"]"
	}
	return Problem{p.Name, complaint + "; accepted: " + takes + "; for example " + example}
}

// takes says what a single value may be, with an example as JSON.
func (p *parameter) takes() (takes, example string) {
	switch {
	case p.enum != nil:
		return "one of " + strings.Join(p.enum, ", "), strconv.Quote(p.enum[0])
	case p.kind == "string":
		return fmt.Sprintf("text of at most %d characters", p.maxLength), `"some text"`
	case p.kind == "boolean":
		return "true or false", "true"
	case p.maximum == math.MaxInt64:
		return fmt.Sprintf("a whole number from %d", p.minimum), strconv.FormatInt(p.minimum, 10)
	}
	return fmt.Sprintf("a whole number from %d to %d", p.minimum, p.maximum), strconv.FormatInt(p.minimum, 10)
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

package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
)

// maxNumberDigits bounds the text and the exponent of a number: it is written in full, and 1e999999999 would take all memory.
const maxNumberDigits = 40

// read returns the value of the parameter as it is to be stored, and whether there is one.
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
	case p.minimum != nil && value < *p.minimum:
		return nil, describe(raw) + " is too small"
	case p.maximum != nil && value > *p.maximum:
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
	switch {
	case p.minimum != nil && p.maximum != nil:
		return fmt.Sprintf("a whole number from %d to %d", *p.minimum, *p.maximum)
	case p.minimum != nil:
		return fmt.Sprintf("a whole number from %d", *p.minimum)
	case p.maximum != nil:
		return fmt.Sprintf("a whole number up to %d", *p.maximum)
	}
	return "a whole number"
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

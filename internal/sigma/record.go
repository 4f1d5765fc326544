package sigma

import (
	"fmt"
	"strconv"
)

// Record is one event that rules look at.
type Record interface {
	// Field returns the values of a field, and whether the record has it: a list has several values, or none. The empty name stands for all
	// texts of the record, which keywords are searched in.
	Field(name string) (values []Value, exists bool)
}

// Value is a text or null. Numbers and truth values are texts too, since rules compare all values as texts (rules, General).
type Value struct {
	Text string
	Null bool
}

// Of returns the values of a field that holds what JSON can hold; maps have no value of their own.
func Of(held any) []Value {
	switch held := held.(type) {
	case nil:
		return []Value{{Null: true}}
	case string:
		return []Value{{Text: held}}
	case float64:
		return []Value{{Text: strconv.FormatFloat(held, 'f', -1, 64)}}
	case []string:
		values := make([]Value, len(held))
		for i, text := range held {
			values[i].Text = text
		}
		return values
	case []any:
		var values []Value
		for _, element := range held {
			values = append(values, Of(element)...)
		}
		return values
	case map[string]any:
		return nil
	default:
		return []Value{{Text: fmt.Sprint(held)}}
	}
}

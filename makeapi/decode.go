package makeapi

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// ID is an identifier as the API gives it, normalized to text: most come as numbers, some as text. Empty means none.
type ID string

// decodeID reads a number or text; anything else is no ID.
func decodeID(value gjson.Result) (ID, bool) {
	switch value.Type {
	case gjson.Number:
		// Raw keeps every digit; 42.0 and 4.2e1 are 42 too.
		if whole := value.Num; whole == math.Trunc(whole) && math.Abs(whole) < 1<<53 {
			return ID(strconv.FormatInt(int64(whole), 10)), true
		}
		return ID(strings.Clone(value.Raw)), true
	case gjson.String:
		return ID(strings.Clone(strings.TrimSpace(value.Str))), true
	case gjson.Null:
		return "", true
	}
	return "", false
}

// decodeText reads text, or a scalar's text where the API should have sent text.
func decodeText(value gjson.Result) (string, bool) {
	switch value.Type {
	case gjson.String:
		return strings.Clone(value.Str), true
	case gjson.Null:
		return "", true
	case gjson.Number, gjson.True, gjson.False:
		return strings.Clone(value.Raw), true
	}
	return "", false
}

// millisecondsFrom is the magnitude from which a number is milliseconds since 1970: as seconds it would be the year 5138.
const millisecondsFrom = 1e11

// decodeTime reads a time as text (RFC 3339, or close to it) or as a number of seconds or milliseconds since 1970: Make's schema says
// integer, its examples show text.
func decodeTime(value gjson.Result) (time.Time, bool) {
	switch value.Type {
	case gjson.Number:
		return unixTime(value.Num)
	case gjson.String:
		text := strings.TrimSpace(value.Str)
		for _, layout := range []string{
			time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
			"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.DateOnly,
		} {
			if at, err := time.Parse(layout, text); err == nil {
				at = at.UTC()
				if at.Year() < 1 || at.Year() > 9999 { // cannot be written as JSON
					return time.Time{}, false
				}
				return at, true
			}
		}
		if number, err := strconv.ParseFloat(text, 64); err == nil {
			return unixTime(number)
		}
	}
	return time.Time{}, false
}

func unixTime(number float64) (time.Time, bool) {
	if math.IsNaN(number) || number <= 0 || number >= millisecondsFrom*1e3 {
		return time.Time{}, false
	}
	milliseconds := number
	if number < millisecondsFrom {
		milliseconds = number * 1e3
	}
	return time.UnixMilli(int64(math.Round(milliseconds))).UTC(), true
}

// Ref is an object of the API by id and name.
type Ref struct {
	ID   ID
	Name string
}

// decodeRef reads {id, name}, or as much of it as can be read; ok means that nothing was lost: the value was such an object, or null.
func decodeRef(value gjson.Result) (ref *Ref, ok bool) {
	if !value.IsObject() {
		return nil, value.Type == gjson.Null
	}
	id, okID := decodeID(value.Get("id"))
	name, okName := decodeText(value.Get("name"))
	if id == "" && name == "" {
		return nil, okID && okName
	}
	return &Ref{ID: id, Name: name}, okID && okName
}

// unknownMembers keeps those members of an object that are not among the known ones; nil for none, and for what is no object.
func unknownMembers(object gjson.Result, known ...string) json.RawMessage {
	if !object.IsObject() {
		return nil
	}
	var unknown map[string]json.RawMessage // made where needed: most entries have none
	object.ForEach(func(key, value gjson.Result) bool {
		if value.Type != gjson.Null && !slices.Contains(known, key.Str) {
			if unknown == nil {
				unknown = map[string]json.RawMessage{}
			}
			unknown[key.Str] = json.RawMessage(value.Raw)
		}
		return true
	})
	if unknown == nil {
		return nil
	}
	raw, _ := json.Marshal(unknown) // cannot fail: it was valid JSON
	return raw
}

// rawCopy keeps a value as it stood, apart from the body it was read from.
func rawCopy(value gjson.Result) json.RawMessage {
	return json.RawMessage([]byte(value.Raw))
}

// list returns the elements of an array, of a single object standing for one, or none for null or nothing.
func list(value gjson.Result) []gjson.Result {
	switch {
	case value.IsArray():
		return value.Array()
	case value.IsObject():
		return []gjson.Result{value}
	}
	return nil
}

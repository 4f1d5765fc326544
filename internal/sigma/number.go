package sigma

import (
	"cmp"
	"encoding/json"
	"strconv"
)

// compareNumbers compares two texts that both are numbers as JSON writes them: whole ones exactly, however large.
func compareNumbers(a, b string) (order int, ok bool) {
	if !isNumber(a) || !isNumber(b) {
		return 0, false
	}
	wholeA, errA := strconv.ParseInt(a, 10, 64)
	wholeB, errB := strconv.ParseInt(b, 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(wholeA, wholeB), true
	}
	floatA, errA := strconv.ParseFloat(a, 64)
	floatB, errB := strconv.ParseFloat(b, 64)
	return cmp.Compare(floatA, floatB), errA == nil && errB == nil
}

func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && json.Valid([]byte(text))
}

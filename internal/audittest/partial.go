package audittest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Partial is an answer of which something was not read as a whole, with every number one of its own, so that it is found where it is shown.
type Partial struct {
	document any
	numbers  []int64
}

// alwaysExact are the fields of results whose numbers are the same whatever was left unread, and those that are anybody's.
func alwaysExact() []string {
	return []string{"id", "unreadable", "returned", "days", "hour_of_day", "by_hour", "observed", "threshold", "details", "changes",
		"extra", "query"}
}

// Part makes an answer partial: isWhole says what of it was read as a whole, by the paths of its booleans.
func Part(t testing.TB, answer []byte, isWhole func(path string) bool) *Partial {
	t.Helper()
	p := &Partial{}
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&p.document))
	p.document = p.changed(p.document, "", isWhole)
	return p
}

func (p *Partial) changed(value any, path string, isWhole func(path string) bool) any {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if !slices.Contains(alwaysExact(), key) {
				value[key] = p.changed(value[key], strings.TrimPrefix(path+"."+key, "."), isWhole)
			}
		}
	case []any:
		for i := range value {
			value[i] = p.changed(value[i], path+".#", isWhole)
		}
	case bool:
		if strings.HasSuffix(path, "complete") {
			return isWhole(path)
		}
	case json.Number:
		number := 7_000_001 + int64(len(p.numbers))
		p.numbers = append(p.numbers, number)
		return json.Number(fmt.Sprint(number))
	}
	return value
}

// JSON is the answer.
func (p *Partial) JSON(t testing.TB) []byte {
	t.Helper()
	text, err := json.Marshal(p.document)
	require.NoError(t, err)
	return text
}

// Unmarked are numbers that are shown as if they were exact.
func (p *Partial) Unmarked(shown string) (found []string) {
	isMarked := regexp.MustCompile(`(≥|≤|~|>=|<=|at least |at most |about )\+?$`)
	for _, n := range p.numbers {
		number := strings.Replace(fmt.Sprintf("%d", n), "7000", "7,000,", 1)
		for _, written := range []string{number, fmt.Sprint(n)} {
			for _, at := range regexp.MustCompile(`\b`+written+`\b`).FindAllStringIndex(shown, -1) {
				if isWithin := strings.HasSuffix(shown[:at[0]], ","); !isWithin && !isMarked.MatchString(shown[:at[0]]) {
					found = append(found, shown[max(0, at[0]-60):at[1]])
				}
			}
		}
	}
	return found
}

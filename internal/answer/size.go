package answer

import (
	"encoding/json"
	"unicode/utf8"
)

// How large a result's structured content may be, in characters: unless more was asked for explicitly, and at most.
const (
	DefaultSize = 8_000
	LargeSize   = 40_000
)

// SpareSize is kept free of a result for what is added at its end: that the call had to wait.
const SpareSize = 200

// Size is how many characters a value takes as JSON.
func Size(value any) int {
	data, err := json.Marshal(value)
	if err != nil {
		return 0
	}
	return utf8.RuneCount(data)
}

// Fit returns how many of the items, from the first on, fit into a size.
func Fit[T any](items []T, size int) int {
	for i, item := range items {
		size -= Size(item) + len(",")
		if size < 0 {
			return i
		}
	}
	return len(items)
}

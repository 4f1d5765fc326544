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

// Room is how much an answer may hold: so many rows, and so many characters.
type Room struct{ Rows, Size int }

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

// cutList cuts a list to a limit and to what fits, and takes its size off what is left.
func cutList[T any](items []T, limit int, size *int) []T {
	items = items[:min(len(items), limit)]
	items = items[:Fit(items, *size)]
	for _, item := range items {
		*size -= Size(item) + len(",")
	}
	return items
}

// firstOf shows the first of a list, at most so many, and how many there are in all.
func firstOf[A, B any](items []A, most int, show func(A) B) (shown []B, total int) {
	shown = []B{}
	for _, item := range items[:min(len(items), most)] {
		shown = append(shown, show(item))
	}
	return shown, len(items)
}

//go:build race

package logtest

// IsRace reports that the race detector is on. It makes everything ten times slower, and finds a race in the first of many rounds that are
// alike: tests of many rounds make fewer then.
const IsRace = true

// UnderRace is few under the race detector, and many else.
func UnderRace[T any](_, few T) T { return few }

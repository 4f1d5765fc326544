//go:build !race

package logtest

// IsRace reports that the race detector is on: it is not.
const IsRace = false

// UnderRace is few under the race detector, and many else.
func UnderRace[T any](many, _ T) T { return many }

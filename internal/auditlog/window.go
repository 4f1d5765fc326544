package auditlog

import "time"

// Window is a stretch of time: From inclusive, To exclusive. Location is the
// time zone in which its days and hours are meant.
type Window struct {
	From, To time.Time
	Location *time.Location
}

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.From) && t.Before(w.To)
}

package archive

import "fmt"

// StoreError says that a store cannot serve as the archive, or not now.
type StoreError struct {
	// Store is where it is.
	Store   string
	Problem string
	Next    string
	Err     error
	// IsAway says that the store could not be reached: this says nothing about what is in it.
	IsAway bool
}

func (e *StoreError) Error() string {
	text := fmt.Sprintf("the archive %s: %s", e.Store, e.Problem)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *StoreError) Unwrap() error { return e.Err }

// NextStep says what to do.
func (e *StoreError) NextStep() string { return e.Next }

// WorldError says that a store holds logs of another world, such as the demo's.
type WorldError struct{ Store, Holds, Wanted string }

func (e *WorldError) Error() string {
	name := func(world string) string {
		if world == "" {
			return "Make"
		}
		return "the " + world
	}
	return fmt.Sprintf("the archive %s holds logs of %s, not of %s", e.Store, name(e.Holds), name(e.Wanted))
}

// NextStep says what to do.
func (e *WorldError) NextStep() string { return "name another file" }

// BusyError says that another process fills the archive.
type BusyError struct{ Store string }

func (e *BusyError) Error() string {
	return "another sync is filling the archive " + e.Store
}

// NextStep says what to do.
func (e *BusyError) NextStep() string {
	return "let it finish; what it stores can be read meanwhile"
}

// ConflictError says that a log has an entry already that a batch brings as a new one, or that the batch brings it twice.
type ConflictError struct{ Key Key }

func (e *ConflictError) Error() string {
	return "internal error: the entry " + e.Key.UUID + " is in the log already"
}

// ScopeError says that a credential may read less than, or something else than, the archive was filled with.
type ScopeError struct{ Filled, Now string }

func (e *ScopeError) Error() string {
	return fmt.Sprintf("the archive holds the log of %s, and this key may read that of %s: going on would leave holes", e.Filled, e.Now)
}

// NextStep says what to do.
func (e *ScopeError) NextStep() string {
	return "sync with a key that may read as much, or into another file"
}

// refused says that something in the archive is not as it should be.
func (a *Archive) refused(err error, format string, args ...any) error {
	return &StoreError{Store: a.store.String(), Problem: fmt.Sprintf(format, args...), Next: "run make-audit-mcp verify", Err: err}
}

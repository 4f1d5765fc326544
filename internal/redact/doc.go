// Package redact decides which values of an entry's details are secrets, and makes details fit to be shown.
//
// It promises that nothing which looks like a credential, by its key or by itself, is shown, that each place it masked is named, and that
// the result is bounded and clean whatever the details hold. What it says is for models and people; exports and the archive keep details as
// they came.
package redact

// Package redact decides which values of an entry's details are secrets, and makes details fit to be shown.
//
// It promises that nothing which looks like a credential is shown, that each place it masked is named, and that the result is bounded and
// clean whatever the details hold. What it says is for models and people; exports and the archive keep details as they came.
//
// A [judge] walks through details and gives each value a mode: by the words of its key (key.go, words.go), by the object around it and by
// what is beside it. Where the mode leaves a text open, scanners say which spans of it are secret (text.go: each form that secrets have
// in texts has its scanner). What stands in testdata is what must be masked and what must be shown.
package redact

// Package detect finds what stands out of one actor's work: against a baseline, and by what it touched.
//
// It judges entries that it is given and reads none: whoever asks says which are the window's and which the baseline's. Every number that a
// [Finding] states was computed from those entries, with the threshold beside it, and the entries of the window are never part of their own
// baseline.
package detect

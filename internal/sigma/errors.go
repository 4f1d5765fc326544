package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Error is something in a file of rules that cannot be used.
type Error struct {
	File string
	// Line is 0 where the whole file is meant.
	Line int
	// Problem says what is wrong, what is accepted, and what to do.
	Problem string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Problem
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Problem
}

// problems collects what is wrong with all files.
type problems []error

// maxProblems bounds what one load reports.
const maxProblems = 100

func (p *problems) add(file string, line int, format string, arguments ...any) {
	if len(*p) < maxProblems {
		*p = append(*p, &Error{file, line, fmt.Sprintf(format, arguments...)})
	}
}

func (p *problems) err() error { return errors.Join(*p...) }

// oneOf words which names are accepted, the nearest first where one is near.
func oneOf(wanted string, accepted []string) string {
	words := "accepted: " + strings.Join(accepted, ", ")
	if near := nearest(wanted, accepted); near != "" {
		words = fmt.Sprintf("did you mean %q? ", near) + words
	}
	return words
}

// nearest returns the name that is a few slips of the finger away, or nothing.
func nearest(wanted string, among []string) string {
	const longest = 80
	best, found := "", min(len(wanted), longest)/3+1
	for _, name := range among {
		if len(wanted) > longest || len(name) > longest {
			continue
		}
		if slips := distance(strings.ToLower(wanted), strings.ToLower(name)); slips < found {
			best, found = name, slips
		}
	}
	return best
}

// distance is how many bytes must be added, dropped or replaced to make one name of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// isField reports whether one of the names, or a beginning of one as in "details.*", is the field's.
func isField(names []string, field string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		beginning, open := strings.CutSuffix(name, "*")
		return name == field || open && len(field) > len(beginning) && strings.HasPrefix(field, beginning)
	})
}

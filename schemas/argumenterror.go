package schemas

import (
	"fmt"
	"strings"
)

// maxListed bounds how much of the same kind one error lists.
const maxListed = 20

// ArgumentError is returned for arguments that cannot be used. It holds every problem that was found, so that one correction mends them
// all.
type ArgumentError struct {
	Problems []Problem
}

// Problem is what is wrong with one argument.
type Problem struct {
	// Argument is the argument's name, cleaned; empty if the arguments as a whole are meant.
	Argument string
	// Message says what was wrong with the value, what is accepted, and an example.
	Message string
}

// Error lists the problems, one a line.
func (e *ArgumentError) Error() string {
	if len(e.Problems) == 1 {
		return "cannot use the arguments: " + e.Problems[0].String()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "cannot use the arguments, %d problems:", len(e.Problems))
	for i, problem := range e.Problems {
		if i == maxListed {
			fmt.Fprintf(&text, "\n- and %d more", len(e.Problems)-i)
			break
		}
		text.WriteString("\n- " + problem.String())
	}
	return text.String()
}

// CallersMistake reports that other arguments would help.
func (*ArgumentError) CallersMistake() bool { return true }

// String returns the problem with its argument.
func (p Problem) String() string {
	if p.Argument == "" {
		return p.Message
	}
	return p.Argument + ": " + p.Message
}

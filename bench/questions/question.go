package questions

import (
	"bytes"
	_ "embed" // the questions
	"encoding/json"
	"fmt"
	"time"
)

// Kind is what a question tries.
type Kind string

// The kinds, in the order of the report.
const (
	Single       Kind = "single step"
	Several      Kind = "several steps"
	Calendar     Kind = "calendars"
	Name         Kind = "names"
	Incident     Kind = "incidents"
	Trap         Kind = "traps"
	Unanswerable Kind = "unanswerable"
	Injected     Kind = "injected"
)

// Kinds are all kinds, in the order of the report.
func Kinds() []Kind {
	return []Kind{Single, Several, Calendar, Name, Incident, Trap, Unanswerable, Injected}
}

// Question is one question.
type Question struct {
	ID       string `json:"id"`
	Kind     Kind   `json:"kind"`
	Question string `json:"question"`
	// Form is what the answer looks like. That of an unanswerable question is what it would be.
	Form Form `json:"form"`
	// ComputedBy names the solution whose truth is the right answer.
	ComputedBy string `json:"computed_by"`
}

// Now is the instant that the questions are asked at.
func Now() time.Time { return time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC) }

//go:embed questions.json
var questionsFile []byte

// All reads the questions.
func All() ([]Question, error) {
	var all []Question
	decoder := json.NewDecoder(bytes.NewReader(questionsFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("questions.json: %w", err)
	}
	return all, nil
}

// solution is how a question is answered: the truth, and what an analyst does who has our tools or the wrapper's.
type solution struct {
	// truth computes the answer from the log.
	truth func(l *Log) Answer
	// ours asks our tools, and answers by what they return alone.
	ours func(a *Analyst) Answer
	// wrapper reads what truth needs by the wrapper's tools; truth of what was read is then its answer.
	wrapper func(p *Pager)
}

// solutions are all solutions, by name.
func solutions() map[string]solution {
	all := map[string]solution{}
	for _, some := range []map[string]solution{
		single(), several(), calendars(), names(), incidents(), traps(), unanswerable(), injected(),
	} {
		for name, s := range some {
			all[name] = s
		}
	}
	return all
}

package questions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Bounds are where a conversation is stopped.
type Bounds struct {
	Calls  int
	Tokens int
	Time   time.Duration
}

// DefaultBounds are those of the published figures.
func DefaultBounds() Bounds { return Bounds{Calls: 40, Tokens: 200_000, Time: 5 * time.Minute} }

// Outcome is how a question went.
type Outcome struct {
	Question string     `json:"question"`
	Kind     Kind       `json:"kind"`
	Server   ServerName `json:"server"`
	Model    string     `json:"model"`
	Verdict  Verdict    `json:"verdict"`
	Reason   string     `json:"reason,omitempty"`
	Said     string     `json:"said"`
	// Stopped says which bound ended the conversation.
	Stopped string `json:"stopped,omitempty"`
	Calls   int    `json:"calls"`
	// Tokens are of what the model read, each text once: 4 characters are one.
	Tokens   int `json:"tokens"`
	Requests int `json:"requests"`
}

// Runner asks questions.
type Runner struct {
	Make   *Make
	Server Server
	// ModelName stands in transcripts and reports.
	ModelName string
	Model     func(q Question) (Model, error)
	Bounds    Bounds
	// Transcripts is a folder that keeps conversations, and that a run goes on from; "": nothing is kept.
	Transcripts string
	// Progress, if set, is told each outcome.
	Progress func(o Outcome)
	// Connect, if set, opens sessions instead of starting the server.
	Connect func(ctx context.Context) (*Session, error)
}

// Run asks all questions that the transcripts do not have yet, one after the other, each in a session of its own.
func (r *Runner) Run(ctx context.Context, all []Question) ([]Outcome, error) {
	grader, log, known := r.Make.Grader(), r.Make.Log(), solutions()
	var outcomes []Outcome
	for _, q := range all {
		s, ok := known[q.ComputedBy]
		if !ok {
			return outcomes, fmt.Errorf("no solution %q of question %q", q.ComputedBy, q.ID)
		}
		kept := r.transcript(q)
		o, done, err := kept.outcome()
		if err != nil {
			return outcomes, err
		}
		if !done {
			if o, err = r.ask(ctx, q, kept); err != nil {
				return outcomes, fmt.Errorf("question %s: %w", q.ID, err)
			}
		}
		// Graded anew each time, so that a better grader needs no model.
		o.Verdict, o.Reason = grader.Grade(q.Form, s.truth(log), o.Said)
		if o.Stopped != "" {
			o.Verdict, o.Reason = Unanswered, o.Stopped
		}
		if !done {
			if err := kept.close(o); err != nil {
				return outcomes, err
			}
		}
		if r.Progress != nil {
			r.Progress(o)
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// ask lets the model answer one question.
func (r *Runner) ask(ctx context.Context, q Question, kept *transcript) (o Outcome, err error) {
	o = Outcome{Question: q.ID, Kind: q.Kind, Server: r.Server.Name, Model: r.ModelName}
	limited, cancel := context.WithTimeout(ctx, r.Bounds.Time)
	defer cancel()
	model, err := r.Model(q)
	if err != nil {
		return o, err
	}
	defer model.Close()
	r.Make.ResetRequests()
	connect := r.Server.Start
	if r.Connect != nil {
		connect = r.Connect
	}
	session, err := connect(limited)
	if err != nil {
		return o, err
	}
	defer session.Close()
	c := &Conversation{System: system(session.Instructions), Question: q.ask(), Tools: session.Tools}
	characters := utf8.RuneCountInString(c.System) + utf8.RuneCountInString(c.Question)
	for _, t := range c.Tools {
		characters += utf8.RuneCountInString(t.Name) + utf8.RuneCountInString(t.Description) + utf8.RuneCount(t.InputSchema)
	}
	kept.begin(c)
	for o.Stopped == "" {
		turn, err := model.Next(limited, c)
		if refused := (*refusedError)(nil); errors.As(err, &refused) && len(c.Messages) > 0 {
			o.Stopped = refused.Error() // most likely too long for it
			break
		}
		if err != nil {
			if limited.Err() != nil && ctx.Err() == nil {
				o.Stopped = fmt.Sprintf("over %s", r.Bounds.Time)
				break
			}
			return o, err
		}
		kept.said(turn)
		c.Messages = append(c.Messages, Message{Turn: &turn})
		o.Said = turn.Text
		if len(turn.Calls) == 0 {
			break
		}
		var results []Result
		for _, call := range turn.Calls {
			if o.Calls == r.Bounds.Calls {
				o.Stopped = fmt.Sprintf("over %d calls", r.Bounds.Calls)
				break
			}
			o.Calls++
			result, err := r.call(session, c.Tools, call)
			if err != nil {
				if limited.Err() != nil && ctx.Err() == nil {
					o.Stopped = fmt.Sprintf("over %s", r.Bounds.Time)
					break
				}
				return o, err
			}
			characters += utf8.RuneCountInString(result.Text)
			kept.returned(result)
			results = append(results, result)
		}
		c.Messages = append(c.Messages, Message{Results: results})
		if o.Stopped == "" && characters/4 > r.Bounds.Tokens {
			o.Stopped = fmt.Sprintf("over %d tokens", r.Bounds.Tokens)
		}
	}
	o.Tokens = characters / 4
	o.Requests = len(r.Make.Requests())
	return o, nil
}

// call lets the server answer, but for calls that cannot reach it.
func (r *Runner) call(session *Session, tools []Tool, call Call) (Result, error) {
	switch {
	case call.Malformed != "":
		return Result{call.ID, "The arguments are no JSON object: " + call.Malformed, true}, nil
	case !slices.ContainsFunc(tools, func(t Tool) bool { return t.Name == call.Tool }):
		return Result{call.ID, fmt.Sprintf("There is no tool %q.", call.Tool), true}, nil
	}
	return session.Call(call)
}

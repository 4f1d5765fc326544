package questions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Analyst asks tools as a script does: each question at its turn, the answer from what came back.
type Analyst struct {
	yield   func(Call) bool
	result  Result
	stopped bool
	// failure is the first reason why the script cannot answer.
	failure string
	calls   int
}

func (a *Analyst) fail(format string, arguments ...any) {
	if a.failure == "" {
		a.failure = fmt.Sprintf(format, arguments...)
	}
}

// ask calls a tool with arguments in JSON.
func (a *Analyst) ask(tool, arguments string, values ...any) reply {
	result := a.try(tool, arguments, values...)
	if result.refused {
		a.fail("%s was refused: %s", tool, result.said)
	}
	return result
}

// try is ask for a question that may be refused.
func (a *Analyst) try(tool, arguments string, values ...any) reply {
	if a.stopped || a.failure != "" {
		return reply{analyst: a}
	}
	a.calls++
	call := Call{ID: "call-" + strconv.Itoa(a.calls), Tool: tool, Arguments: json.RawMessage(fmt.Sprintf(arguments, values...))}
	if a.stopped = !a.yield(call); a.stopped {
		return reply{analyst: a}
	}
	r := reply{analyst: a, said: a.result.Text, refused: a.result.IsError}
	if !r.refused {
		decoder := json.NewDecoder(strings.NewReader(r.said))
		decoder.UseNumber()
		if err := decoder.Decode(&r.value); err != nil {
			a.fail("%s returned no JSON: %v", tool, err)
		}
	}
	return r
}

// reply is what a tool returned, or a part of it.
type reply struct {
	analyst *Analyst
	said    string
	refused bool
	value   any
}

// at goes down a path such as "groups.0.key.actor"; what is not there is null.
func (r reply) at(path string) reply {
	value := r.value
	for step := range strings.SplitSeq(path, ".") {
		switch holder := value.(type) {
		case map[string]any:
			value = holder[step]
		case []any:
			value = nil
			if i, err := strconv.Atoi(step); err == nil && i < len(holder) {
				value = holder[i]
			}
		default:
			value = nil
		}
	}
	return reply{analyst: r.analyst, value: value}
}

func (r reply) isNull(path string) bool { return r.at(path).value == nil }

// text is a text or a number at a path, which must be there.
func (r reply) text(path string) string {
	switch value := r.at(path).value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	r.missing(path)
	return ""
}

// optional is a text at a path, or "".
func (r reply) optional(path string) string {
	if r.isNull(path) {
		return ""
	}
	return r.text(path)
}

func (r reply) int(path string) int {
	n, err := strconv.Atoi(r.text(path))
	if err != nil {
		r.missing(path)
	}
	return n
}

func (r reply) time(path string) time.Time {
	at, err := time.Parse(time.RFC3339, r.text(path))
	if err != nil {
		r.missing(path)
	}
	return at
}

func (r reply) list(path string) []reply {
	items, ok := r.at(path).value.([]any)
	if !ok {
		r.missing(path)
	}
	replies := make([]reply, 0, len(items))
	for _, item := range items {
		replies = append(replies, reply{analyst: r.analyst, value: item})
	}
	return replies
}

// texts are the texts at a path of each item of a list, without those that are not there.
func (r reply) texts(list, path string) []string {
	var all []string
	for _, item := range r.list(list) {
		if s := item.optional(path); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func (r reply) missing(path string) {
	if !r.analyst.stopped {
		r.analyst.fail("the result has nothing of use at %s", path)
	}
}

// whole is the reply of a complete answer; another answers nothing.
func (r reply) whole() reply {
	if complete, ok := r.at("complete").value.(bool); !r.analyst.stopped && (!ok || !complete) {
		r.analyst.fail("the answer is not complete")
	}
	return r
}

// scriptedModel is a script as a model: deterministic, and free.
type scriptedModel struct {
	analyst *Analyst
	next    func() (Call, bool)
	stop    func()
	answer  Answer
}

// newScript makes a model of a script. Close it.
func newScript(script func(a *Analyst) Answer) *scriptedModel {
	m := &scriptedModel{analyst: &Analyst{}}
	m.next, m.stop = iter.Pull(func(yield func(Call) bool) {
		m.analyst.yield = yield
		m.answer = script(m.analyst)
	})
	return m
}

// Next implements [Model].
func (m *scriptedModel) Next(_ context.Context, c *Conversation) (Turn, error) {
	if n := len(c.Messages); n > 0 && len(c.Messages[n-1].Results) > 0 {
		m.analyst.result = c.Messages[n-1].Results[0]
	}
	if call, more := m.next(); more {
		return Turn{Calls: []Call{call}}, nil
	}
	if m.analyst.failure != "" {
		return Turn{Text: m.analyst.failure}, nil
	}
	return Turn{Text: m.answer.line()}, nil
}

// Close implements [Model].
func (m *scriptedModel) Close() { m.stop() }

// Script is the scripted model of a server: an analyst who knows what to ask.
func Script(server ServerName) func(q Question) (Model, error) {
	all := solutions()
	return func(q Question) (Model, error) {
		s, ok := all[q.ComputedBy]
		if !ok {
			return nil, fmt.Errorf("no solution %q of question %q", q.ComputedBy, q.ID)
		}
		switch server {
		case Ours:
			return newScript(s.ours), nil
		case Wrapper:
			return newScript(func(a *Analyst) Answer {
				pager := newPager(a)
				s.wrapper(pager)
				return s.truth(pager.log)
			}), nil
		}
		return nil, errors.New("no script for the server " + string(server))
	}
}

// list writes texts as a list in JSON.
func list(texts []string) string {
	quoted := make([]string, 0, len(texts))
	for _, s := range texts {
		quoted = append(quoted, strconv.Quote(s))
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

package tools

import (
	"context"
	"encoding/json"

	lru "github.com/hashicorp/golang-lru/v2"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
)

const (
	// maxCachedAnswers bounds the answers of a tool that are kept.
	maxCachedAnswers = 64
	// maxCachedArguments bounds the arguments, in bytes, whose reading is kept.
	maxCachedArguments = 512
)

// source returns all that an answer is made of, arguments included, as a comparable value: an answer holds for as long as it is the same.
type source[A any] func(ctx context.Context, service *analysis.Service, arguments A) (any, error)

// answerCache keeps written answers of a tool whose making costs more than finding out that they still hold: filter values from a catalog
// that is known take four times as long without it (BenchmarkHTTPCalls). A nil one keeps nothing.
type answerCache[A any] struct {
	source    source[A]
	arguments *lru.Cache[string, A] // by their JSON
	answers   *lru.Cache[any, writtenAnswer]
}

func newAnswerCache[A any](source source[A]) *answerCache[A] {
	arguments, err := lru.New[string, A](maxCachedAnswers)
	if err != nil {
		panic(err) // only for a size below one
	}
	answers, err := lru.New[any, writtenAnswer](maxCachedAnswers)
	if err != nil {
		panic(err)
	}
	return &answerCache[A]{source, arguments, answers}
}

// decode reads arguments unless that was done before.
func (c *answerCache[A]) decode(arguments any, check *schemas.Arguments) (A, error) {
	var into A
	raw, ok := arguments.(json.RawMessage)
	if c == nil || !ok || len(raw) > maxCachedArguments {
		err := check.Decode(arguments, &into)
		return into, err
	}
	if known, ok := c.arguments.Get(string(raw)); ok {
		return known, nil
	}
	err := check.Decode(raw, &into)
	if err == nil {
		c.arguments.Add(string(raw), into)
	}
	return into, err
}

// find returns the answer that still holds, if there is one, and what an answer is made of now: nil where that is not known. What goes
// wrong here goes wrong again in the tool's handler, which puts it into words.
func (c *answerCache[A]) find(ctx context.Context, service *analysis.Service, arguments A) (source any, known *writtenAnswer) {
	if c == nil {
		return nil, nil
	}
	source, err := c.source(ctx, service, arguments)
	if err != nil {
		return nil, nil
	}
	if answer, ok := c.answers.Get(source); ok {
		known = &answer
	}
	return source, known
}

// add keeps an answer by what it is made of.
func (c *answerCache[A]) add(source any, answer writtenAnswer) {
	if source != nil {
		c.answers.Add(source, answer)
	}
}

package questions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"make-audit-mcp/internal/makesim"
)

// Model decides what comes next in a conversation.
type Model interface {
	Next(ctx context.Context, c *Conversation) (Turn, error)
	Close()
}

// Tool is what a model is told of a tool.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema"`
}

// Call is a call of a tool.
type Call struct {
	ID        string          `json:"id"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	// Malformed says what is wrong with the arguments, where they are no JSON object.
	Malformed string `json:"malformed,omitempty"`
}

// Result is what a call returned.
type Result struct {
	CallID  string `json:"call_id"`
	Text    string `json:"text"`
	IsError bool   `json:"is_error,omitempty"`
}

// Turn is what a model says. Without calls it is the end.
type Turn struct {
	Text  string `json:"text,omitempty"`
	Calls []Call `json:"calls,omitempty"`
	// raw is the message as the endpoint wrote it, to be sent back as it is.
	raw json.RawMessage
}

// Message is a turn of the model, or the results that follow it.
type Message struct {
	Turn    *Turn
	Results []Result
}

// Conversation is what a model goes by.
type Conversation struct {
	System   string
	Question string
	Tools    []Tool
	Messages []Message
}

// system tells a model its task; instructions are the server's own.
func system(instructions string) string {
	task := fmt.Sprintf(`You answer a question about the audit log of the Make.com organization Northwind Automation (id %d), by the tools that you have.
It is %s now. Days, weeks and months are those of %s, unless the question says otherwise.
End with one line:
ANSWER: the answer, in the form that the question asks for
If you have an answer but it may be incomplete or wrong:
ANSWER: UNSURE the answer
If the log and the lists that the tools show cannot tell:
ANSWER: %s`, makesim.DemoOrganizationID, Now().Format(time.RFC3339), home, unknownWords)
	if instructions == "" {
		return task
	}
	return task + "\n\nWhat the tools' server says of itself:\n" + instructions
}

// ask is the question as a model gets it.
func (q Question) ask() string {
	return q.Question + "\nForm of the answer: " + q.Form.hint() + "."
}

package transport

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/mark3labs/mcp-go/mcp"
)

// envelope is what the transports need to know of a message.
type envelope struct {
	Method string          `json:"method"`
	ID     json.RawMessage `json:"id"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`

	// text is the whole message, as the server is to read it.
	text []byte
}

// params is what the transports need to know of a message's parameters.
type params struct {
	Name      string          `json:"name"` // of a tool or a prompt
	URI       string          `json:"uri"`  // of a resource
	RequestID json.RawMessage `json:"requestId"`
	Meta      struct {
		ProgressToken json.RawMessage `json:"progressToken"` // as the client wrote it, nil for none
		TraceParent   string          `json:"traceparent"`
		TraceState    string          `json:"tracestate"`
		Version       string          `json:"io.modelcontextprotocol/protocolVersion"` // of the protocol, since 2026-07-28
	} `json:"_meta"`
}

// parse reads what the transports need of a message. bad says why it cannot be read.
func parse(text []byte) (message envelope, about params, bad *mcp.JSONRPCErrorDetails) {
	if err := json.Unmarshal(text, &message); err != nil {
		bad = &mcp.JSONRPCErrorDetails{Code: mcp.INVALID_REQUEST,
			Message: "Invalid request: want one JSON-RPC object; batches are not supported"}
		if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			bad = &mcp.JSONRPCErrorDetails{Code: mcp.PARSE_ERROR, Message: "Parse error"}
		}
		return message, about, bad
	}
	if message.hasID() && !message.isAnswer() && !bytes.ContainsAny(message.ID[:1], `"-0123456789`) {
		bad = &mcp.JSONRPCErrorDetails{Code: mcp.INVALID_REQUEST, Message: "Invalid request: the id must be text or a number"}
	}
	message.text = text
	if message.saysNothing() {
		message.text = withoutParams(text)
	}
	// Params of another shape are for the server to refuse.
	_ = json.Unmarshal(message.Params, &about)
	return message, about, bad
}

// saysNothing reports whether the message has params that are empty in another way than params are: some clients send what their language
// has for nothing, which mcp-go refuses.
func (e *envelope) saysNothing() bool {
	inList, isOpened := bytes.CutPrefix(e.Params, []byte("["))
	inList, isClosed := bytes.CutSuffix(inList, []byte("]"))
	isEmptyList := isOpened && isClosed && len(bytes.TrimSpace(inList)) == 0
	return isEmptyList || string(e.Params) == `""` || string(e.Params) == "null"
}

// withoutParams is a message, which is a JSON object, with params that are empty.
func withoutParams(text []byte) []byte {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(text, &fields)
	fields["params"] = json.RawMessage("{}")
	text, _ = json.Marshal(fields) // which was JSON
	return text
}

// hasID reports whether the message has an id, legal or not.
func (e *envelope) hasID() bool { return e.ID != nil && string(e.ID) != "null" }

// isRequest reports whether the message wants an answer.
func (e *envelope) isRequest() bool { return e.Method != "" && e.hasID() }

// isAnswer reports whether the message answers a request of ours.
func (e *envelope) isAnswer() bool {
	return e.Method == "" && (e.Result != nil || e.Error != nil)
}

func errorLine(id mcp.RequestId, code int, message string) []byte {
	line, _ := marshalLine(mcp.NewJSONRPCError(id, code, message, nil)) // which are text and a checked id
	return line
}

func marshalLine(message mcp.JSONRPCMessage) ([]byte, error) {
	line, err := json.Marshal(message) // escapes newlines within
	return append(line, '\n'), err
}

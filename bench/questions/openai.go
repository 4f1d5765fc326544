package questions

import (
	"context"
	"encoding/json"
	"errors"
)

// openAIModel speaks /v1/chat/completions.
type openAIModel struct{ *Endpoint }

type openAIMessage struct {
	Role       string `json:"role"`
	Content    string `json:"content"`
	ToolCallID string `json:"tool_call_id,omitempty"`
}

type openAITool struct {
	Type     string         `json:"type"`
	Function openAIFunction `json:"function"`
}

type openAIFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
}

// Next implements [Model].
func (m openAIModel) Next(ctx context.Context, c *Conversation) (Turn, error) {
	messages := []any{openAIMessage{Role: "system", Content: c.System}, openAIMessage{Role: "user", Content: c.Question}}
	for _, message := range c.Messages {
		if message.Turn != nil {
			messages = append(messages, message.Turn.raw)
		}
		for _, result := range message.Results {
			messages = append(messages, openAIMessage{Role: "tool", Content: result.Text, ToolCallID: result.CallID})
		}
	}
	var tools []openAITool
	for _, t := range c.Tools {
		tools = append(tools, openAITool{"function", openAIFunction{t.Name, t.Description, t.InputSchema}})
	}
	var response struct {
		Choices []struct {
			Message json.RawMessage `json:"message"`
		} `json:"choices"`
	}
	headers := map[string]string{}
	if m.Key != "" {
		headers["Authorization"] = "Bearer " + m.Key
	}
	request := map[string]any{"model": m.Endpoint.Model, "messages": messages, "tools": tools}
	if err := m.post(ctx, "/v1/chat/completions", headers, request, &response); err != nil {
		return Turn{}, err
	}
	if len(response.Choices) == 0 {
		return Turn{}, errors.New("the endpoint answers without a choice")
	}
	var said struct {
		Content   *string `json:"content"`
		ToolCalls []struct {
			ID       string `json:"id"`
			Function struct {
				Name      string `json:"name"`
				Arguments string `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	}
	turn := Turn{raw: response.Choices[0].Message}
	if err := json.Unmarshal(turn.raw, &said); err != nil {
		return Turn{}, err
	}
	if said.Content != nil {
		turn.Text = *said.Content
	}
	for _, call := range said.ToolCalls {
		object, malformed := arguments(json.RawMessage(call.Function.Arguments))
		turn.Calls = append(turn.Calls, Call{call.ID, call.Function.Name, object, malformed})
	}
	return turn, nil
}

// Close implements [Model].
func (openAIModel) Close() {}

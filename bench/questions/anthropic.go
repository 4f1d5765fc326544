package questions

import (
	"context"
	"encoding/json"
	"strings"
)

// anthropicModel speaks /v1/messages.
type anthropicModel struct{ *Endpoint }

type anthropicMessage struct {
	Role    string `json:"role"`
	Content any    `json:"content"`
}

type anthropicResult struct {
	Type      string `json:"type"`
	ToolUseID string `json:"tool_use_id"`
	Content   string `json:"content"`
	IsError   bool   `json:"is_error,omitempty"`
}

// Next implements [Model].
func (m anthropicModel) Next(ctx context.Context, c *Conversation) (Turn, error) {
	const longestTurn = 8192
	messages := []anthropicMessage{{"user", c.Question}}
	for _, message := range c.Messages {
		if message.Turn != nil {
			messages = append(messages, anthropicMessage{"assistant", message.Turn.raw})
			continue
		}
		var results []anthropicResult
		for _, r := range message.Results {
			results = append(results, anthropicResult{"tool_result", r.CallID, r.Text, r.IsError})
		}
		messages = append(messages, anthropicMessage{"user", results})
	}
	var response struct {
		Content json.RawMessage `json:"content"`
	}
	request := map[string]any{"model": m.Endpoint.Model, "max_tokens": longestTurn, "system": c.System, "messages": messages,
		"tools": c.Tools}
	headers := map[string]string{"anthropic-version": "2023-06-01", "x-api-key": m.Key}
	if err := m.post(ctx, "/v1/messages", headers, request, &response); err != nil {
		return Turn{}, err
	}
	var blocks []struct {
		Type  string          `json:"type"`
		Text  string          `json:"text"`
		ID    string          `json:"id"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	}
	turn := Turn{raw: response.Content}
	if err := json.Unmarshal(turn.raw, &blocks); err != nil {
		return Turn{}, err
	}
	var texts []string
	for _, block := range blocks {
		switch block.Type {
		case "text":
			texts = append(texts, block.Text)
		case "tool_use":
			object, malformed := arguments(block.Input)
			turn.Calls = append(turn.Calls, Call{block.ID, block.Name, object, malformed})
		}
	}
	turn.Text = strings.Join(texts, "\n")
	return turn, nil
}

// Close implements [Model].
func (anthropicModel) Close() {}

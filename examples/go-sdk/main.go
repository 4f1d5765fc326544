// An agent on the official Go SDK that answers a question about the audit log. The SDK has no loop of its own for a model: here is one, for
// any endpoint that speaks OpenAI's chat completions.
//
//	OPENAI_API_KEY=… go run . "Who deleted webhooks last week?"
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type object = map[string]any

func main() {
	question := "Who deleted webhooks last week?"
	if len(os.Args) > 1 {
		question = os.Args[1]
	}
	answer, err := ask(context.Background(), question)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
}

func ask(ctx context.Context, question string) (string, error) {
	// Your own log: without --demo, with MAKE_API_KEY and MAKE_ZONE in the environment.
	server := exec.CommandContext(ctx, cmp.Or(os.Getenv("MAKE_AUDIT_MCP"), "make-audit-mcp"), "--demo", "stdio")
	client := mcp.NewClient(&mcp.Implementation{Name: "go-sdk-example", Version: "1"}, nil)
	audit, err := client.Connect(ctx, &mcp.CommandTransport{Command: server}, nil)
	if err != nil {
		return "", err
	}
	defer audit.Close()
	var tools []object
	for tool, err := range audit.Tools(ctx, nil) {
		if err != nil {
			return "", err
		}
		tools = append(tools, object{"type": "function",
			"function": object{"name": tool.Name, "description": tool.Description, "parameters": tool.InputSchema}})
	}
	messages := []any{
		object{"role": "system", "content": "Answer from the audit log alone, and say which time your answer covers."},
		object{"role": "user", "content": question},
	}
	for range 10 {
		said, err := complete(ctx, object{"model": cmp.Or(os.Getenv("MODEL"), "gpt-5-mini"), "messages": messages, "tools": tools})
		if err != nil {
			return "", err
		}
		if len(said.ToolCalls) == 0 {
			return said.Content, nil
		}
		messages = append(messages, said)
		for _, call := range said.ToolCalls {
			heard, err := audit.CallTool(ctx,
				&mcp.CallToolParams{Name: call.Function.Name, Arguments: json.RawMessage(call.Function.Arguments)})
			if err != nil {
				return "", err
			}
			text, _ := heard.Content[0].(*mcp.TextContent) // a mistake's text says what to do next
			messages = append(messages, object{"role": "tool", "tool_call_id": call.ID, "content": text.Text})
		}
	}
	return "", fmt.Errorf("no answer after 10 steps")
}

// message is what the model says: its answer, or the tools that it wants called.
type message struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	ToolCalls []struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls,omitempty"`
}

func complete(ctx context.Context, request object) (*message, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	url := cmp.Or(os.Getenv("OPENAI_BASE_URL"), "https://api.openai.com/v1") + "/chat/completions"
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Authorization", "Bearer "+os.Getenv("OPENAI_API_KEY"))
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var completion struct {
		Choices []struct{ Message message }
	}
	if err := json.NewDecoder(response.Body).Decode(&completion); err != nil {
		return nil, fmt.Errorf("the model answered %s: %w", response.Status, err)
	}
	if len(completion.Choices) == 0 {
		return nil, fmt.Errorf("the model answered %s, and nothing", response.Status)
	}
	return &completion.Choices[0].Message, nil
}

package main

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// object is a JSON object, list a JSON array.
type (
	object = map[string]any
	list   = []any
)

// addElicitation adds the tools that send requests to the client while it waits, as revisions up to 2025-11-25 have it.
func addElicitation(s *server.MCPServer) {
	s.AddTool(mcp.NewTool("test_sampling", mcp.WithDescription("Has the client's model answer."),
		mcp.WithString("prompt", mcp.Description("What to ask."), mcp.Required())),
		func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			//nolint:staticcheck // deprecated with all of sampling, but part of the revision that is tested
			result, err := s.RequestSampling(ctx, mcp.CreateMessageRequest{
				Request:             mcp.Request{Method: string(mcp.MethodSamplingCreateMessage)},
				CreateMessageParams: question(request.GetString("prompt", "")),
			})
			if err != nil {
				return mcp.NewToolResultErrorFromErr("sampling", err), nil
			}
			return mcp.NewToolResultText("LLM response: " + mcp.GetTextFromContent(result.Content)), nil
		})

	s.AddTool(mcp.NewTool("test_elicitation", mcp.WithDescription("Asks the user."),
		mcp.WithString("message", mcp.Description("What to ask."), mcp.Required())),
		func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return elicit(ctx, s, "User response: ", form(request.GetString("message", ""), object{
				"username": object{"type": "string", "description": "User's response"},
				"email":    object{"type": "string", "description": "User's email address"},
			}, "username", "email")), nil
		})

	s.AddTool(mcp.NewTool("test_elicitation_sep1034_defaults", mcp.WithDescription("Asks the user, with defaults.")),
		func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return elicit(ctx, s, "Elicitation completed: ", form("Please review the defaults", object{
				"name":     object{"type": "string", "description": "Name", "default": "John Doe"},
				"age":      object{"type": "integer", "description": "Age", "default": 30},
				"score":    object{"type": "number", "description": "Score", "default": 95.5},
				"status":   object{"type": "string", "enum": list{"active", "inactive", "pending"}, "default": "active"},
				"verified": object{"type": "boolean", "description": "Verified", "default": true},
			})), nil
		})

	s.AddTool(mcp.NewTool("test_elicitation_sep1330_enums", mcp.WithDescription("Asks the user to choose.")),
		func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			options := list{"option1", "option2", "option3"}
			titled := list{
				object{"const": "value1", "title": "First"},
				object{"const": "value2", "title": "Second"},
				object{"const": "value3", "title": "Third"},
			}
			return elicit(ctx, s, "Elicitation completed: ", form("Please choose", object{
				"untitledSingle": object{"type": "string", "enum": options},
				"titledSingle":   object{"type": "string", "oneOf": titled},
				"legacyEnum": object{
					"type": "string", "enum": list{"opt1", "opt2", "opt3"}, "enumNames": list{"One", "Two", "Three"},
				},
				"untitledMulti": object{"type": "array", "items": object{"type": "string", "enum": options}},
				"titledMulti":   object{"type": "array", "items": object{"anyOf": titled}},
			})), nil
		})
}

// elicit asks the user and returns the answer as text.
func elicit(ctx context.Context, s *server.MCPServer, prefix string, params mcp.ElicitationParams) *mcp.CallToolResult {
	result, err := s.RequestElicitation(ctx, mcp.ElicitationRequest{
		Request: mcp.Request{Method: string(mcp.MethodElicitationCreate)},
		Params:  params,
	})
	if err != nil {
		return mcp.NewToolResultErrorFromErr("elicitation", err)
	}
	return mcp.NewToolResultText(fmt.Sprintf("%saction=%s, content=%v", prefix, result.Action, result.Content))
}

func form(message string, properties object, required ...string) mcp.ElicitationParams {
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return mcp.ElicitationParams{Message: message, RequestedSchema: schema}
}

// question is what a model is asked.
func question(text string) mcp.CreateMessageParams {
	return mcp.CreateMessageParams{
		Messages:  []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: mcp.NewTextContent(text)}},
		MaxTokens: 100,
	}
}

package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/transport"
)

const (
	// onePixel is a PNG, silence a WAV.
	onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
	silence  = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="

	// pause is how long the suite wants tools to wait between notifications.
	pause = 50 * time.Millisecond
)

// keywords is the schema that the suite expects back word for word.
const keywords = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {
    "address": {
      "$anchor": "addressDef",
      "type": "object",
      "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
    }
  },
  "properties": {
    "name": {"type": "string"},
    "address": {"$ref": "#/$defs/address"},
    "contactMethod": {"type": "string", "enum": ["phone", "email"]},
    "phone": {"type": "string"},
    "email": {"type": "string"}
  },
  "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
  "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
  "then": {"required": ["phone"]},
  "else": {"required": ["email"]},
  "additionalProperties": false
}`

// mirrored has an argument that travels in a header as well.
const mirrored = `{
  "type": "object",
  "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
  "required": ["region"]
}`

func addTools(s *server.MCPServer) {
	addContents(s)
	addNotifying(s)
	addChanging(s)

	s.AddTool(mcp.NewToolWithRawSchema("json_schema_2020_12_tool", "Has an input schema with keywords of JSON Schema 2020-12.",
		json.RawMessage(keywords)), says("The schema is what matters."))
	s.AddTool(mcp.NewToolWithRawSchema("test_x_mcp_header", "Has an argument that is mirrored in a header.", json.RawMessage(mirrored)),
		func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("Region: " + request.GetString("region", "")), nil
		})
	s.AddTool(mcp.NewTool("test_error_handling", mcp.WithDescription("Always fails.")),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultError("This tool intentionally returns an error for testing"), nil
		})
	// Streams cannot be closed in the midst of a call; a plain answer is allowed.
	s.AddTool(mcp.NewTool("test_reconnection", mcp.WithDescription("Answers without a stream that could break.")),
		says("Reconnection test completed successfully"))
	s.AddTool(mcp.NewTool("test_missing_capability", mcp.WithDescription("Needs a client that can sample.")),
		func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if clientCapabilities(ctx).Sampling == nil {
				transport.RefuseWith(ctx, mcp.MISSING_REQUIRED_CLIENT_CAPABILITY,
					map[string]any{"requiredCapabilities": map[string]any{"sampling": map[string]any{}}})
				return nil, mcp.MissingRequiredClientCapabilityError{Capability: "sampling"}
			}
			return mcp.NewToolResultText("The client can sample."), nil
		})
}

// addContents adds a tool for each kind of content.
func addContents(s *server.MCPServer) {
	image := mcp.NewImageContent(onePixel, "image/png")
	for _, tool := range []struct {
		name, description string
		content           []mcp.Content
	}{
		{"test_simple_text", "Returns text.", []mcp.Content{mcp.NewTextContent("This is a simple text response for testing.")}},
		{"test_image_content", "Returns an image.", []mcp.Content{image}},
		{"test_audio_content", "Returns audio.", []mcp.Content{mcp.NewAudioContent(silence, "audio/wav")}},
		{"test_embedded_resource", "Returns an embedded resource.", []mcp.Content{
			embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."),
		}},
		{"test_multiple_content_types", "Returns text, an image and an embedded resource.", []mcp.Content{
			mcp.NewTextContent("Multiple content types test:"),
			image,
			embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`),
		}},
	} {
		s.AddTool(mcp.NewTool(tool.name, mcp.WithDescription(tool.description)),
			func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				return &mcp.CallToolResult{Content: tool.content}, nil
			})
	}
}

// addNotifying adds the tools that notify the client before they answer.
func addNotifying(s *server.MCPServer) {
	s.AddTool(mcp.NewTool("test_tool_with_logging", mcp.WithDescription("Logs three messages.")),
		func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			for i, message := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
				if i > 0 {
					time.Sleep(pause)
				}
				if err := log(ctx, mcp.LoggingLevelInfo, message); err != nil {
					return nil, err
				}
			}
			return mcp.NewToolResultText("Tool with logging executed successfully"), nil
		})
	s.AddTool(mcp.NewTool("test_logging_tool", mcp.WithDescription("Logs a message, if the client asked for any.")),
		func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if err := log(ctx, mcp.LoggingLevelInfo, "Only for clients that asked"); err != nil {
				return nil, err
			}
			return mcp.NewToolResultText("Logged."), nil
		})
	s.AddTool(mcp.NewTool("test_tool_with_progress", mcp.WithDescription("Reports progress three times.")),
		func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			for i, progress := range []int{0, 50, 100} {
				if i > 0 {
					time.Sleep(pause)
				}
				if meta := request.Params.Meta; meta != nil && meta.ProgressToken != nil {
					if err := notify(ctx, string(mcp.MethodNotificationProgress), map[string]any{
						"progressToken": meta.ProgressToken, "progress": progress, "total": 100,
					}); err != nil {
						return nil, err
					}
				}
			}
			return mcp.NewToolResultText("Tool with progress executed successfully"), nil
		})
}

// addChanging adds the tools that change what is listed, and change it back.
func addChanging(s *server.MCPServer) {
	s.AddTool(mcp.NewTool("test_trigger_tool_change", mcp.WithDescription("Changes the list of tools for a moment.")),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			const name = "test_transient_tool"
			s.AddTool(mcp.NewTool(name, mcp.WithDescription("Is listed for a moment.")), says("Still here."))
			s.DeleteTools(name)
			return mcp.NewToolResultText("The list of tools has changed."), nil
		})
	s.AddTool(mcp.NewTool("test_trigger_prompt_change", mcp.WithDescription("Changes the list of prompts for a moment.")),
		func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			const name = "test_transient_prompt"
			s.AddPrompt(mcp.NewPrompt(name, mcp.WithPromptDescription("Is listed for a moment.")), prompts("Still here."))
			s.DeletePrompts(name)
			return mcp.NewToolResultText("The list of prompts has changed."), nil
		})
}

// says returns a handler that always answers the same.
func says(text string) server.ToolHandlerFunc {
	return func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(text), nil
	}
}

func embedded(uri, mimeType, text string) mcp.EmbeddedResource {
	return mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: uri, MIMEType: mimeType, Text: text})
}

// clientCapabilities is what the client said that it can do: in the request, or when it initialized the session.
func clientCapabilities(ctx context.Context) mcp.ClientCapabilities {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		if info.ClientCapabilities == nil {
			return mcp.ClientCapabilities{}
		}
		return *info.ClientCapabilities
	}
	if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		return session.GetClientCapabilities()
	}
	return mcp.ClientCapabilities{}
}

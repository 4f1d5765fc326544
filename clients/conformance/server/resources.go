package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

func addResources(s *server.MCPServer) {
	for _, resource := range []struct {
		uri, name, description string
		contents               mcp.ResourceContents
	}{
		{"test://static-text", "Static text", "Text that never changes.", mcp.TextResourceContents{
			URI: "test://static-text", MIMEType: "text/plain", Text: "This is the content of the static text resource.",
		}},
		{"test://static-binary", "Static binary", "An image that never changes.", mcp.BlobResourceContents{
			URI: "test://static-binary", MIMEType: "image/png", Blob: onePixel,
		}},
		{"test://watched-resource", "Watched resource", "Text to subscribe to.", mcp.TextResourceContents{
			URI: "test://watched-resource", MIMEType: "text/plain", Text: "Watched resource content",
		}},
	} {
		mimeType := "text/plain"
		if blob, ok := resource.contents.(mcp.BlobResourceContents); ok {
			mimeType = blob.MIMEType
		}
		s.AddResource(mcp.NewResource(resource.uri, resource.name,
			mcp.WithResourceDescription(resource.description), mcp.WithMIMEType(mimeType)),
			func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				return []mcp.ResourceContents{resource.contents}, nil
			})
	}

	s.AddResourceTemplate(mcp.NewResourceTemplate("test://template/{id}/data", "Template",
		mcp.WithTemplateDescription("Data that repeats the id in its address."), mcp.WithTemplateMIMEType("application/json")),
		func(_ context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			ids, ok := request.Params.Arguments["id"].([]string)
			if !ok || len(ids) != 1 {
				return nil, errors.New("the address has no id")
			}
			text, err := json.Marshal(map[string]any{"id": ids[0], "templateTest": true, "data": "Data for ID: " + ids[0]})
			if err != nil {
				return nil, err
			}
			return []mcp.ResourceContents{mcp.TextResourceContents{
				URI: request.Params.URI, MIMEType: "application/json", Text: string(text),
			}}, nil
		})
}

// completions completes every argument the same.
type completions struct{}

func (completions) CompletePromptArgument(
	_ context.Context, _ string, argument mcp.CompleteArgument, _ mcp.CompleteContext,
) (*mcp.Completion, error) {
	return complete(argument), nil
}

func (completions) CompleteResourceArgument(
	_ context.Context, _ string, argument mcp.CompleteArgument, _ mcp.CompleteContext,
) (*mcp.Completion, error) {
	return complete(argument), nil
}

func complete(argument mcp.CompleteArgument) *mcp.Completion {
	values := []string{argument.Value + "1", argument.Value + "2"}
	return &mcp.Completion{Values: values, Total: len(values)}
}

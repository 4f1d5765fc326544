package resources

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
)

// resource is one resource, or as many as its address has values.
type resource struct {
	uri         string
	name        string
	title       string
	description string
	mimeType    string
	read        func(ctx context.Context, service *analysis.Service, at address) (content, error)
}

// content is what a resource holds.
type content struct {
	mimeType string
	text     string
	meta     map[string]any // of _meta; nil for none
}

const mimeJSON = "application/json"

// asJSON reads content that is JSON.
func asJSON(
	read func(context.Context, *analysis.Service, address) (any, error),
) func(context.Context, *analysis.Service, address) (content, error) {
	return func(ctx context.Context, service *analysis.Service, at address) (content, error) {
		value, err := read(ctx, service, at)
		if err != nil {
			return content{}, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return content{}, errors.New("internal error: the resource could not be written as JSON")
		}
		return content{mimeType: mimeJSON, text: string(text)}, nil
	}
}

// register adds the resource to a server.
func (r resource) register(s *server.MCPServer, config Config) {
	if strings.Contains(r.uri, "{") {
		s.AddResourceTemplate(mcp.NewResourceTemplate(r.uri, r.name,
			mcp.WithTemplateTitle(r.title), mcp.WithTemplateDescription(r.description), mcp.WithTemplateMIMEType(r.mimeType),
		), server.ResourceTemplateHandlerFunc(r.handler(config)))
		return
	}
	s.AddResource(mcp.NewResource(r.uri, r.name,
		mcp.WithResourceTitle(r.title), mcp.WithResourceDescription(r.description), mcp.WithMIMEType(r.mimeType),
	), r.handler(config))
}

func (r resource) handler(config Config) server.ResourceHandlerFunc {
	return func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		service, err := config.Service(ctx)
		if err != nil {
			return nil, errors.New(answer.Explain(err))
		}
		ctx, cancel := context.WithTimeout(ctx, config.ReadTime)
		defer cancel()
		held, err := r.read(ctx, service, address(request.Params.Arguments))
		if err != nil {
			// Since 2026-07-28 both missing and malformed addresses are invalid params.
			if config.Refuse != nil && answer.IsCallersMistake(err) {
				config.Refuse(ctx, mcp.INVALID_PARAMS)
			}
			return nil, errors.New(answer.Explain(err))
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: held.mimeType, Text: held.text,
			Meta: held.meta}}, nil
	}
}

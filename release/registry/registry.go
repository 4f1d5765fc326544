// Package registry makes server.json, by which the MCP registry knows the server and where its packages are.
package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/mcpb"
)

// server is a server.json.
type server struct {
	Schema      string     `json:"$schema"`
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Version     string     `json:"version"`
	WebsiteURL  string     `json:"websiteUrl"`
	Repository  repository `json:"repository"`
	Packages    []pack     `json:"packages"`
}

type repository struct {
	URL    string `json:"url"`
	Source string `json:"source"`
}

// pack is a package. Where its version is a part of the identifier, it has none.
type pack struct {
	Type       string     `json:"registryType"`
	Identifier string     `json:"identifier"`
	Version    string     `json:"version,omitempty"`
	SHA256     string     `json:"fileSha256,omitempty"`
	Runtime    string     `json:"runtimeHint,omitempty"`
	Transport  transport  `json:"transport"`
	Arguments  []argument `json:"packageArguments,omitempty"`
	Variables  []variable `json:"environmentVariables"`
}

type transport struct {
	Type string `json:"type"`
}

type argument struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// variable of the environment that a client asks its user for. None is required, since the demo needs none.
type variable struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Format      string `json:"format"`
	IsSecret    bool   `json:"isSecret,omitempty"`
	Default     string `json:"default,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
}

// Make writes server.json. The bundle for hosts has been made before.
func Make(_ context.Context, r dist.Release) error {
	bundle := mcpb.FileName(r.Version)
	content, err := os.ReadFile(r.Path("%s", bundle))
	if err != nil {
		return err
	}
	address := "https://" + r.Address.Repository
	host, _, _ := strings.Cut(r.Address.Repository, ".")
	stdio, arguments := transport{"stdio"}, []argument{{"positional", "stdio"}}
	described := server{
		Schema: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
		Name:   r.Address.Registry, Title: "Make audit log", Version: r.Version, WebsiteURL: address,
		Description: "Ask about a Make.com organization's audit log: who did what, when, to which object.",
		Repository:  repository{URL: address, Source: host},
		Packages: []pack{
			{
				Type: "npm", Identifier: r.Address.NPM, Version: r.Version, Runtime: "npx",
				Transport: stdio, Arguments: arguments, Variables: variables(),
			},
			{
				Type: "mcpb", Identifier: fmt.Sprintf("%s/releases/download/v%s/%s", address, r.Version, bundle), Version: r.Version,
				SHA256: fmt.Sprintf("%x", sha256.Sum256(content)), Transport: stdio, Variables: variables(),
			},
			{
				Type: "oci", Identifier: r.Address.Image + ":" + r.Version, Runtime: "docker",
				Transport: stdio, Arguments: arguments, Variables: variables(),
			},
		},
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // people read it
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(described); err != nil {
		return err
	}
	return os.WriteFile(r.Path("server.json"), written.Bytes(), 0o644) //nolint:gosec // for everybody to read
}

func variables() []variable {
	return []variable{
		{Name: "MAKE_API_KEY", Format: "string", IsSecret: true,
			Description: "API key of Make, with the scopes organizations:read, teams:read and user:read, and audit-logs:read where Make offers it"},
		{Name: "MAKE_ZONE", Format: "string", Placeholder: "eu1.make.com", Description: "Host that you sign in to at Make"},
		{Name: "MAKE_AUDIT_DEMO", Format: "boolean", Default: "false",
			Description: "Answer from a simulated organization: no account, no network"},
		{Name: "MAKE_ORGANIZATION_ID", Format: "string", Description: "Organization that questions are about when they name none"},
		{Name: "MAKE_TIMEZONE", Format: "string", Placeholder: "Europe/Prague", Description: "Time zone in which days are meant"},
	}
}

package cli

import (
	"cmp"
	"errors"
	"net/url"
	"os"
	"strings"

	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/transport"
)

// environmentAuthToken holds the token that callers show.
const environmentAuthToken = "MCP_AUTH_TOKEN"

// admission is who may call.
type admission struct {
	authenticator auth.Authenticator
	metadata      map[string]any // of the OAuth issuer
}

// whoMayCall refuses a server that others reach, unless the settings say who may call. read reads files with secrets.
func (c *httpCommand) whoMayCall(address *serverAddress, read func(path string) ([]byte, error)) (*admission, error) {
	named, err := c.namedCallers(address.public, read)
	if err != nil || named != nil {
		return named, err
	}
	next := "set " + environmentAuthToken + " (or --auth-token-file), or --oauth-issuer"
	switch {
	case address.public != nil && !auth.IsLoopback(address.public.Hostname()):
		return nil, &SettingError{Problem: "--public-url says that others reach this server, and nothing says who may call", Next: next}
	case len(c.AllowedHosts) > 0:
		return nil, &SettingError{Problem: "--allowed-hosts says that others reach this server, and nothing says who may call", Next: next}
	case !address.loopback:
		return nil, &SettingError{Problem: c.Address + " can be reached from other machines, and nothing says who may call",
			Next: next + "; or listen on 127.0.0.1"}
	}
	return &admission{authenticator: auth.Anonymous{}}, nil
}

// namedCallers are those that the settings name; nil if they name none.
func (c *httpCommand) namedCallers(public *url.URL, read func(path string) ([]byte, error)) (*admission, error) {
	token := os.Getenv(environmentAuthToken)
	switch {
	case c.OAuthIssuer != "" && (token != "" || c.AuthTokenFile != ""):
		return nil, &SettingError{Problem: "both a bearer token and an OAuth issuer are set",
			Next: "leave one of them out: a token that never expires would undo what the issuer checks"}
	case c.OAuthIssuer != "":
		return c.oauth(public)
	case len(c.OAuthScopes) > 0 || len(c.OAuthClients) > 0 || c.OAuthAudience != "":
		return nil, &SettingError{Problem: "OAuth scopes, clients or an audience are set, and no issuer", Next: "give --oauth-issuer"}
	case token != "":
		static, err := auth.NewStaticToken(token)
		if err != nil {
			return nil, &SettingError{Problem: environmentAuthToken + ": " + err.Error(), Next: "make one with: openssl rand -hex 32"}
		}
		return &admission{authenticator: static}, nil
	case c.AuthTokenFile != "":
		static, err := auth.NewStaticTokenFile(c.AuthTokenFile, read)
		if exposed, ok := errors.AsType[*SettingError](err); ok {
			return nil, exposed
		}
		if err != nil {
			return nil, &SettingError{Problem: "--auth-token-file: " + err.Error(), Next: "make one with: openssl rand -hex 32 > FILE"}
		}
		return &admission{authenticator: static}, nil
	}
	return nil, nil
}

func (c *httpCommand) oauth(public *url.URL) (*admission, error) {
	resource := ""
	options := auth.OAuthOptions{Issuer: c.OAuthIssuer, Audience: c.OAuthAudience, Clients: c.OAuthClients, Scopes: c.OAuthScopes}
	if public != nil {
		resource = strings.TrimSuffix(public.String(), "/") + "/mcp"
		options.Audience = cmp.Or(options.Audience, resource)
		options.MetadataURL = public.Scheme + "://" + public.Host + transport.MetadataPath + transport.CleanBase(public.Path) + "/mcp"
	}
	if options.Audience == "" {
		return nil, &SettingError{Problem: "it is not known which audience tokens must have",
			Next: "give --public-url, or --oauth-audience"}
	}
	issuer, err := auth.NewOAuth(options)
	if err != nil {
		return nil, &SettingError{Problem: "--oauth-issuer: " + err.Error(),
			Next: "give the issuer's URL as its tokens have it in iss"}
	}
	metadata := issuer.Metadata()
	if public != nil {
		metadata["resource"] = resource
	}
	return &admission{authenticator: issuer, metadata: metadata}, nil
}

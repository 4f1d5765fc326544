package transport

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"make-audit-mcp/internal/auth"
)

// allowsHost keeps pages out that make a name of theirs point at this machine (DNS rebinding).
func (g *guards) allowsHost(host string) bool {
	host = strings.ToLower(host)
	name := strings.TrimSuffix(host, ":"+(&url.URL{Host: host}).Port())
	return slices.ContainsFunc(g.hosts, func(allowed string) bool {
		allowed = strings.ToLower(allowed)
		return allowed == "*" || allowed == host || allowed == name && name != ""
	})
}

// hostHeader is what clients of an address send as Host: without the port that its scheme implies.
func hostHeader(address *url.URL) string {
	if port := address.Port(); address.Scheme == "https" && port == "443" || address.Scheme == "http" && port == "80" {
		return strings.TrimSuffix(address.Host, ":"+port)
	}
	return address.Host
}

// IsLoopback reports whether an address to listen on can be reached from this machine only. An error says that it is no "host:port".
func IsLoopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, fmt.Errorf("address %q: want host:port, e.g. 127.0.0.1:8080", address)
	}
	return auth.IsLoopback(host), nil
}

// checkHost refuses requests to a name that is not ours.
func (g *guards) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.allowsHost(r.Host) {
			g.refuse(w, "host", http.StatusForbidden,
				fmt.Sprintf("the host %.80q is not served here; the operator can allow it with --allowed-hosts or --public-url", r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkOrigin refuses requests that a browser sends for a page of somebody else, on GET too. Programs send no Origin. Allowed origins get
// what browsers need (CORS). Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
func (g *guards) checkOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origins := r.Header.Values("Origin")
		switch {
		case len(origins) == 0:
			next.ServeHTTP(w, r)
			return
		case len(origins) > 1 || !g.allowsOrigin(origins[0], r):
			g.refuse(w, "origin", http.StatusForbidden,
				fmt.Sprintf("the origin %.80q is not let in; the operator can allow it with --allowed-origins", origins[0]))
			return
		}
		header := w.Header()
		header.Add("Vary", "Origin")
		header.Set("Access-Control-Allow-Origin", origins[0])
		header.Set("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate, Retry-After, X-Request-Id")
		if r.Method == http.MethodOptions {
			header.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Last-Event-ID, "+
				"Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name, "+auth.HeaderMakeKey+", "+auth.HeaderMakeZone+
				", Traceparent, Tracestate")
			header.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowsOrigin reports whether an origin is in the list, or is the very host that the request goes to, which the list of hosts vouches for.
func (g *guards) allowsOrigin(origin string, r *http.Request) bool {
	if slices.Contains(g.origins, strings.ToLower(origin)) {
		return true
	}
	parsed, err := url.Parse(origin)
	return err == nil && parsed.Host != "" && strings.EqualFold(parsed.Host, r.Host)
}

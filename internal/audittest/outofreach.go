package audittest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

// Breakages are the ways in which a Make that listens does not answer, each on a real connection.
func Breakages() map[string]http.HandlerFunc {
	const html = "<!doctype html><html><title>Make is under maintenance</title></html>"
	says := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil // tests have a clock of their own
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(html)) // the client has gone: nobody to tell
		}
	}
	return map[string]http.HandlerFunc{
		"silent":                 func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"silent amid an answer":  silentAfter("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"auditLogs\":["),
		"reset":                  closedAfter("", true),
		"closed":                 closedAfter("", false),
		"closed amid the header": closedAfter("HTTP/1.1 200 OK\r\nContent-", false),
		"closed amid the body":   closedAfter("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"auditLogs\":[", false),
		"reset amid the body":    closedAfter("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"auditLogs\":[", true),
		"closed amid a chunk":    closedAfter("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n{\"audit", false),
		"502":                    says(http.StatusBadGateway),
		"503":                    says(http.StatusServiceUnavailable),
		"504":                    says(http.StatusGatewayTimeout),
		"a page with 200":        says(http.StatusOK),
		"a page with 403":        says(http.StatusForbidden),
		"a redirect elsewhere": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = nil
			http.Redirect(w, r, "https://maintenance.invalid/", http.StatusFound)
		},
	}
}

// closedAfter writes the beginning of an answer and ends the connection.
func closedAfter(begin string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // a server of HTTP/1.1 lets go of its connections
		}
		_, _ = connection.Write([]byte(begin))
		if tcp, ok := connection.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
}

// silentAfter writes the beginning of an answer and nothing more until the client goes away.
func silentAfter(begin string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // as above
		}
		_, _ = connection.Write([]byte(begin))
		_, _ = connection.Read(make([]byte, 1)) // until the client closes it
		_ = connection.Close()
	}
}

// OutOfReach are the addresses of Makes that cannot be asked, by what is wrong with them.
func OutOfReach(t testing.TB) map[string]string {
	t.Helper()
	urls := map[string]string{"an unknown host": "https://make.invalid" + makesim.BasePath}
	for name, handler := range Breakages() {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		urls[name] = server.URL + makesim.BasePath
	}
	urls["refused"] = "http://127.0.0.1:1" + makesim.BasePath // a port that no test's server is ever given
	urls["TLS that breaks off"] = "https://" + accepting(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 9)) }) + makesim.BasePath
	urls["no TLS"] = strings.Replace(urls["503"], "http:", "https:", 1)
	urls["no HTTP"] = "http://" + accepting(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 9))
		_, _ = fmt.Fprintln(c, "SSH-2.0-OpenSSH_9.9")
	}) + makesim.BasePath
	return urls
}

// accepting is the address of a listener that does something with each connection and closes it.
func accepting(t testing.TB, do func(net.Conn)) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			do(connection)
			_ = connection.Close()
		}
	}()
	return listener.Addr().String()
}

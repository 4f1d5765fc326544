package makesim

import (
	"net/http"
	"strings"
)

// fault is the answer of a service that fails now and then.
func (q Quirks) fault(number uint64) (answer, bool) {
	if q.FailEvery > 0 && number%uint64(q.FailEvery) == 0 {
		switch q.FailStatus {
		case http.StatusBadGateway, http.StatusGatewayTimeout: // the proxy speaks
			return htmlAnswer(q.FailStatus, http.StatusText(q.FailStatus)), true
		case http.StatusInternalServerError:
			return newError(q.FailStatus, "Internal Server Error", "Unexpected error.").answer(q), true
		default:
			return newError(http.StatusServiceUnavailable, "Service Unavailable", "Try again later.").answer(q), true
		}
	}
	if q.NotJSON {
		return htmlAnswer(http.StatusOK, "Checking your browser"), true
	}
	return answer{}, false
}

// isLibraryUserAgent reports what Cloudflare refuses.
func isLibraryUserAgent(agent string) bool {
	agent = strings.ToLower(agent)
	return agent == "" || strings.HasPrefix(agent, "go-http-client") || strings.HasPrefix(agent, "python-")
}

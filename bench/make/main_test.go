package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestItServesAYearsLogAndSaysHowManyRequestsCame asks for all entries at once.
func TestItServesAYearsLogAndSaysHowManyRequestsCame(t *testing.T) {
	t.Parallel()
	input, ask := io.Pipe()
	printed, output := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(t.Context(), []string{"-now", "2026-11-20T12:00:00Z", "-unlimited", "-entries", "1200"}, input, output)
	}()
	lines := bufio.NewScanner(printed)
	next := func() string {
		require.True(t, lines.Scan(), lines.Err())
		return lines.Text()
	}
	url, token := next(), next()
	for range 3 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/audit-logs/organization/4721?pg[limit]=2000", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Token "+token)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		var page struct {
			AuditLogs []struct{} `json:"auditLogs"`
		}
		require.NoError(t, json.NewDecoder(response.Body).Decode(&page))
		require.NoError(t, response.Body.Close())
		assert.Len(t, page.AuditLogs, 1200)
	}
	for _, since := range []string{"3", "0"} {
		_, err := io.WriteString(ask, "\n")
		require.NoError(t, err)
		assert.Equal(t, since, next())
	}
	require.NoError(t, ask.Close())
	require.NoError(t, <-ended)
}

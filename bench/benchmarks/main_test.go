package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	t.Parallel()
	complete := []string{"--binary", "a", "--make", "b", "--wrapper", "c"}
	for _, arguments := range [][]string{{}, complete[:4], append(complete, "--quick", "--full"), append(complete, "more")} {
		err := run(t.Context(), arguments, io.Discard, io.Discard)
		assert.ErrorContains(t, err, "for example scripts/benchmarks --quick", arguments)
	}
}

func TestTokensAreFourCharactersEachOfWhatAModelReads(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 2, tokens("říšžýáéí"), 0)
	read, err := readOf(json.RawMessage(`{"tools":[{"name":"a","description":"b","inputSchema":{},"outputSchema":{"much":"more"}}]}`))
	require.NoError(t, err)
	assert.InDelta(t, len(`{"name":"a","description":"b","inputSchema":{}}`)/4, read, 0)
}

func TestMemoryIsReadWhereTheSystemTellsIt(t *testing.T) {
	t.Parallel()
	status := filepath.Join(t.TempDir(), "status")
	require.NoError(t, os.WriteFile(status, []byte("Name:\tx\nVmHWM:\t   41000 kB\nVmRSS:\t   28100 kB\n"), 0o600))
	kilobytes, err := procField(status, "VmRSS")
	require.NoError(t, err)
	assert.InDelta(t, 28100, kilobytes, 0)
	_, err = procField(status, "VmSwap")
	assert.ErrorContains(t, err, "has no VmSwap")
}

// TestAnswersThatComeElsewhereReachTheirRequests has a server as the wrapper is: it accepts what it is sent, and answers on the stream,
// here the second request first.
func TestAnswersThatComeElsewhereReachTheirRequests(t *testing.T) {
	t.Parallel()
	answers := make(chan string, 2)
	received := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Mcp-Session-Id", "one")
		if r.Method == http.MethodGet {
			for range 2 {
				_, _ = io.WriteString(w, "data: "+<-answers+"\n\n")
				assert.NoError(t, http.NewResponseController(w).Flush())
			}
			return
		}
		var message struct {
			ID     json.RawMessage
			Method string
		}
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&message))
		if message.Method == "initialize" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":`+string(message.ID)+`,"result":{"protocolVersion":"2025-06-18",`+
				`"capabilities":{},"serverInfo":{"name":"s","version":"1"}}}`)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		if message.ID != nil {
			received <- string(message.ID)
		}
	}))
	t.Cleanup(server.Close)
	session, err := (&listener{base: server.URL}).streamableElsewhere(t.Context())
	require.NoError(t, err)
	texts := make(chan string, 2)
	for range 2 {
		go func() {
			text, err := session.ask(t.Context(), call{Name: "list"})
			assert.NoError(t, err)
			texts <- text
		}()
	}
	ids := []string{<-received, <-received}
	for _, id := range []string{ids[1], ids[0]} {
		answers <- `{"jsonrpc":"` + mcp.JSONRPC_VERSION + `","id":` + id + `,"result":{"content":[{"type":"text","text":"to ` + id + `"}]}}`
	}
	assert.ElementsMatch(t, []string{"to " + ids[0], "to " + ids[1]}, []string{<-texts, <-texts})
}

func TestEntriesAreCountedWhoeverListsThem(t *testing.T) {
	t.Parallel()
	for _, page := range []string{`{"entries":[{"uuid":"a"},{"uuid":"b"}]}`, "{\n  \"auditLogs\": [\n { \"uuid\": \"a\" }, { \"uuid\": \"b\" }\n]}"} {
		assert.Equal(t, 2, entriesIn(page))
	}
}

func TestAFolderIsAsLargeAsItsFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "inner"), 0o700))
	for _, name := range []string{"a", "inner/b"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), bytes.Repeat([]byte("x"), 500), 0o600))
	}
	size, err := folderSize(folder)
	require.NoError(t, err)
	assert.InDelta(t, 1000, size, 0)
}

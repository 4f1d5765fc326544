package gosdk_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheArchiveAnswersAsMakeDoes fills an archive as users do, asks it over MCP, and has it proved.
func TestTheArchiveAnswersAsMakeDoes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.db")
	output, err := command(t, "--archive", path, "sync", "--details", "none").Output()
	require.NoError(t, err)
	assert.Contains(t, string(output), "28402 entries added")

	s := &session{t: t}
	client := mcp.NewClient(&mcp.Implementation{Name: "gosdk-test", Version: "1"}, nil)
	s.ClientSession, err = client.Connect(t.Context(),
		&mcp.CommandTransport{Command: command(t, "--archive", path, "stdio", "--sync-every", "0")}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	live := connect(t)
	for tool, arguments := range map[string]map[string]any{
		"list_audit_logs":    {"from": "30d", "event": "*_deleted", "limit": 100},
		"count_audit_logs":   {"from": "all", "group_by": []string{"weekday", "actor"}, "limit": 200},
		"get_actor_activity": {"actor": "Marek Havelka"},
		"get_target_history": {"target_id": "3000", "kind": "Webhooks"},
	} {
		stored, asked := s.call(tool, arguments), live.call(tool, arguments)
		assert.Equal(t, "archive", stored["source"], tool)
		for _, result := range []map[string]any{stored, asked} {
			delete(result, "source")
			delete(result, "next_cursor") // sealed anew each time
		}
		assert.Equal(t, asked, stored, tool)
	}
	read, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "make://archive/status"})
	require.NoError(t, err)
	var status struct {
		Checkpoint string
		Logs       []struct{ Entries int }
	}
	require.NoError(t, json.Unmarshal([]byte(read.Contents[0].Text), &status))
	assert.Equal(t, 28402, status.Logs[0].Entries)
	assert.Contains(t, string(output), strings.Split(status.Checkpoint, "\n")[1], "the checkpoint that sync printed")

	proof, err := command(t, "--archive", path, "verify").Output()
	require.NoError(t, err, string(proof))
	assert.Contains(t, string(proof), "Verified.")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	info, err := file.Stat()
	require.NoError(t, err)
	_, err = file.WriteAt([]byte("not what was stored"), info.Size()/2)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	proof, err = command(t, "--archive", path, "verify").Output()
	require.Error(t, err)
	assert.NotContains(t, string(proof), "Verified.")
}

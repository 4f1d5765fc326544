package deploy_test

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// postgresVariables are those of the environment that the program takes from PostgreSQL's clients.
var postgresVariables = []string{"PGPASSFILE", "PGSSLROOTCERT"}

// requireKnown requires that the program knows what it is started with: the command, its flags, and variables.
func requireKnown(t *testing.T, args []string, variables map[string]string) {
	t.Helper()
	require.NotEmpty(t, args)
	help := helpOf(t, args[0])
	for _, arg := range args[1:] {
		if flag, _, _ := strings.Cut(arg, "="); strings.HasPrefix(flag, "-") {
			assert.Contains(t, help, flag+"=")
		}
	}
	for name := range variables {
		known := strings.Contains(help, "$"+name+")") || strings.Contains(help, "("+name+",")
		for _, of := range postgresVariables {
			known = known || name == of
		}
		assert.True(t, known, "%s has no setting %s", args[0], name)
	}
}

// helpOf is what the program says of a command.
func helpOf(t *testing.T, command string) string {
	t.Helper()
	binary := os.Getenv("MAKE_AUDIT_MCP")
	if binary == "" {
		t.Skip("MAKE_AUDIT_MCP names no binary")
	}
	out, err := exec.CommandContext(t.Context(), binary, command, "--help").Output()
	require.NoError(t, err)
	return string(out)
}

func portOf(t *testing.T, address string) int32 {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err := strconv.ParseInt(text, 10, 32)
	require.NoError(t, err)
	return int32(port)
}

// publishedImage is the image that a release publishes.
func publishedImage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../release/address.json")
	require.NoError(t, err)
	var address struct{ Image string }
	require.NoError(t, json.Unmarshal(text, &address))
	return address.Image
}

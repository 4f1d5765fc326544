package main_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secretsOfTheExample are the files that deploy/compose.yaml mounts as secrets, and where people put others.
func secretsOfTheExample(t *testing.T) []string {
	t.Helper()
	compose, err := os.ReadFile("deploy/compose.yaml")
	require.NoError(t, err)
	var secrets []string
	for _, found := range regexp.MustCompile(`\{file: \./([^}]+)\}`).FindAllStringSubmatch(string(compose), -1) {
		secrets = append(secrets, "deploy/"+found[1])
	}
	require.Len(t, secrets, 2)
	return append(secrets, "deploy/make-api-key", "deploy/secrets/other", ".env", "audit.db", "audit.db-wal", "audit.db.key",
		"deploy/fleet/secrets/make-api-key", "deploy/fleet/archive-key", "deploy/kubernetes/pgpass")
}

func TestGitIgnoresTheSecretsOfTheExample(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(".git"); err != nil {
		t.Skip("this is not a clone")
	}
	for _, secret := range secretsOfTheExample(t) {
		assert.NoError(t, exec.CommandContext(t.Context(), "git", "check-ignore", "--quiet", secret).Run(), secret)
	}
}

func TestImagesHoldNoSecretsAndAreOfKnownBases(t *testing.T) {
	t.Parallel()
	ignored, err := os.ReadFile(".dockerignore")
	require.NoError(t, err)
	for _, pattern := range []string{"deploy", "*.db*", ".env", "*.key"} { // at the top, where the build begins
		assert.Contains(t, strings.Split(string(ignored), "\n"), pattern)
	}
	for file, image := range map[string]string{"Dockerfile": `(?m)^FROM (\S+)`, "deploy/compose.yaml": `(?m)^ +image: (\S+)`} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := regexp.MustCompile(image).FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, found)
		for _, base := range found {
			assert.Regexp(t, `^scratch$|@sha256:[0-9a-f]{64}$`, base[1], file)
		}
	}
}

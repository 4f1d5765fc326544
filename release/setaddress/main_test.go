package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const placeholder = `{
  "module": "make-audit-mcp",
  "repository": "example.invalid/make-audit-mcp",
  "registry": "invalid.example/make-audit-mcp",
  "npm": "make-audit-mcp",
  "image": "images.example.invalid/make-audit-mcp",
  "maintainer": "make-audit-mcp <security@example.invalid>"
}
`

// tree lays out files in a repository of git's.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	require.NoError(t, exec.CommandContext(t.Context(), "git", "init", "--quiet", root).Run())
	return root
}

// move runs the command, and holds each file to what it must be then.
func move(t *testing.T, root string, want map[string]string, args ...string) {
	t.Helper()
	require.NoError(t, run(t.Context(), append([]string{"-C", root}, args...)))
	for name, text := range want {
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.Equal(t, text, string(content), name)
	}
}

func TestWhateverDependsOnTheAddressMovesAndNothingElse(t *testing.T) {
	t.Parallel()
	product := "make-audit-mcp --demo check; User-Agent: make-audit-mcp/1.2; origin make-audit-mcp/x; ui://make-audit-mcp/internal\n" +
		"make-audit-mcp-client, ./make-audit-mcp, /usr/bin/make-audit-mcp, not-make-audit-mcp/internal, \"make-audit-mcp\"\n"
	before := map[string]string{
		"release/address.json": placeholder,
		"go.mod":               "module make-audit-mcp\n",
		"release/go.mod":       "module make-audit-mcp/release\n\nrequire make-audit-mcp v0.0.0\n\nreplace make-audit-mcp => ../\n",
		".golangci.yml":        "- {pkg: make-audit-mcp/, desc: x}\n  - make-audit-mcp/internal/tz\nlocal-prefixes:\n  - make-audit-mcp\n",
		"internal/a.go":        "package a\n\nimport \"make-audit-mcp/internal/b\"\n\n// See [make-audit-mcp/internal/b].\nvar _ = b.X\n",
		"README.md": product + "npx -y make-audit-mcp --demo; npm install -g make-audit-mcp; `\"args\": [\"-y\", \"make-audit-mcp\"]`\n" +
			"https://example.invalid/make-audit-mcp/issues, https%3A%2F%2Fexample.invalid%2Fmake-audit-mcp, security@example.invalid\n" +
			"docker run images.example.invalid/make-audit-mcp:1 goimports -local make-audit-mcp; invalid.example/make-audit-mcp\n",
		"icon.png": "\x00https://example.invalid/make-audit-mcp",
	}
	root := tree(t, before)
	after := map[string]string{
		"release/address.json": `{
  "module": "github.com/Acme/make-audit-mcp",
  "repository": "github.com/Acme/make-audit-mcp",
  "registry": "io.github.Acme/make-audit-mcp",
  "npm": "@acme/make-audit-mcp",
  "image": "ghcr.io/acme/make-audit-mcp",
  "maintainer": "Acme <Acme@users.noreply.github.com>"
}
`,
		"go.mod": "module github.com/Acme/make-audit-mcp\n",
		"release/go.mod": "module github.com/Acme/make-audit-mcp/release\n\nrequire github.com/Acme/make-audit-mcp v0.0.0\n\n" +
			"replace github.com/Acme/make-audit-mcp => ../\n",
		".golangci.yml": "- {pkg: github.com/Acme/make-audit-mcp/, desc: x}\n  - github.com/Acme/make-audit-mcp/internal/tz\n" +
			"local-prefixes:\n  - github.com/Acme/make-audit-mcp\n",
		"internal/a.go": "package a\n\nimport \"github.com/Acme/make-audit-mcp/internal/b\"\n\n" +
			"// See [github.com/Acme/make-audit-mcp/internal/b].\nvar _ = b.X\n",
		"README.md": product + "npx -y @acme/make-audit-mcp --demo; npm install -g @acme/make-audit-mcp; " +
			"`\"args\": [\"-y\", \"@acme/make-audit-mcp\"]`\n" +
			"https://github.com/Acme/make-audit-mcp/issues, https%3A%2F%2Fgithub.com%2FAcme%2Fmake-audit-mcp, Acme@users.noreply.github.com\n" +
			"docker run ghcr.io/acme/make-audit-mcp:1 goimports -local github.com/Acme/make-audit-mcp; io.github.Acme/make-audit-mcp\n",
		"icon.png": before["icon.png"],
	}
	move(t, root, after, "github.com/Acme/make-audit-mcp", "--npm", "@acme/make-audit-mcp")
	move(t, root, after, "--npm", "@acme/make-audit-mcp", "github.com/Acme/make-audit-mcp")
	move(t, root, nil, "gitlab.com/b/make-audit-mcp", "--image", "quay.io/b/make-audit-mcp", "--maintainer", "B <b@b.example>")
	move(t, root, before, "example.invalid/make-audit-mcp", "--module", "make-audit-mcp",
		"--image", "images.example.invalid/make-audit-mcp", "--maintainer", "make-audit-mcp <security@example.invalid>")
}

func TestImportsStayInOrder(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"release/address.json": placeholder, "internal/b.go": "package b\n",
		"a.go": "package a\n\nimport (\n\t\"github.com/x/y\"\n\t\"make-audit-mcp/internal\"\n)\n\nvar _, _ = y.X, internal.X\n",
	})
	move(t, root, map[string]string{"a.go": "package a\n\nimport (\n\t\"github.com/a/make-audit-mcp/internal\"\n\t\"github.com/x/y\"\n)\n\n" +
		"var _, _ = y.X, internal.X\n"}, "github.com/a/make-audit-mcp")
}

func TestAnAddressThatCannotBeChangesNothing(t *testing.T) {
	t.Parallel()
	files := map[string]string{"release/address.json": placeholder}
	for says, args := range map[string][]string{
		"say one address: scripts/set-address github.com/OWNER": {},
		`the address is "https://github.com/a/make-audit-mcp"; give one such as "github.com/acme/make-audit-mcp"`: {
			"https://github.com/a/make-audit-mcp"},
		`the address is "github.com/a/other"`: {"github.com/a/other"},
		`--npm is "Acme"`:                     {"github.com/a/make-audit-mcp", "--npm", "Acme"},
		`--image is ""; give one such as "ghcr.io/acme/make-audit-mcp"`: {
			"git.acme.example/make-audit-mcp", "--maintainer", "A <a@b.c>"},
		`--maintainer is "security@acme.example"`: {"github.com/a/make-audit-mcp", "--maintainer", "security@acme.example"},
		"flag provided but not defined":           {"github.com/a/make-audit-mcp", "--owner", "x"},
	} {
		root := tree(t, files)
		require.ErrorContains(t, run(context.Background(), append([]string{"-C", root}, args...)), says)
		move(t, root, files, "example.invalid/make-audit-mcp", "--module", "make-audit-mcp",
			"--image", "images.example.invalid/make-audit-mcp", "--maintainer", "make-audit-mcp <security@example.invalid>")
	}
}

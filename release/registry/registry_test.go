package registry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/registry"
)

// made returns the server.json of a release whose bundle is a few words.
func made(t *testing.T, r dist.Release) []byte {
	t.Helper()
	require.NoError(t, os.WriteFile(r.Path("make-audit-mcp-1.2.3.mcpb"), []byte("bundle"), 0o600))
	require.NoError(t, registry.Make(t.Context(), r))
	content, err := os.ReadFile(r.Path("server.json"))
	require.NoError(t, err)
	return content
}

// schema is the published one of 2025-12-11, without descriptions and examples.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile("testdata/server.schema.json")
	require.NoError(t, err)
	return compiled
}

func TestServerJSONKeepsToThePublishedSchema(t *testing.T) {
	t.Parallel()
	published := schema(t)
	placeholder := disttest.Release(t)
	var err error
	placeholder.Address, err = dist.ReadAddress(placeholder.Root)
	require.NoError(t, err)
	for _, r := range []dist.Release{disttest.Release(t), placeholder} {
		content := made(t, r)
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		require.NoError(t, err)
		require.NoError(t, published.Validate(instance))
		wrong, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(content), `"name"`, `"named"`, 1)))
		require.NoError(t, err)
		assert.Error(t, published.Validate(wrong))
	}
}

func TestServerJSONNamesThePackagesOfItsVersion(t *testing.T) {
	t.Parallel()
	r := disttest.Release(t)
	type variable struct {
		Name     string
		IsSecret bool
	}
	var server struct {
		Name, Version, Description string
		Repository                 struct{ URL, Source string }
		Packages                   []struct {
			RegistryType, Identifier, Version, FileSHA256 string
			Transport                                     struct{ Type string }
			EnvironmentVariables                          []variable
		}
	}
	require.NoError(t, json.Unmarshal(made(t, r), &server))
	assert.Equal(t, "io.github.acme/make-audit-mcp", server.Name)
	assert.Equal(t, "1.2.3", server.Version)
	assert.LessOrEqual(t, len(server.Description), 100)
	assert.Equal(t, "https://github.com/acme/make-audit-mcp", server.Repository.URL)
	assert.Equal(t, "github", server.Repository.Source)
	identifiers := map[string]string{}
	for _, one := range server.Packages {
		identifiers[one.RegistryType] = strings.TrimSpace(one.Identifier + " " + one.Version + " " + one.FileSHA256)
		assert.Equal(t, "stdio", one.Transport.Type)
		for _, each := range one.EnvironmentVariables {
			assert.Equal(t, each.Name == "MAKE_API_KEY", each.IsSecret, each.Name)
		}
	}
	assert.Equal(t, map[string]string{
		"npm": "@acme/make-audit-mcp 1.2.3",
		"mcpb": "https://github.com/acme/make-audit-mcp/releases/download/v1.2.3/make-audit-mcp-1.2.3.mcpb 1.2.3 " +
			"1e6ed65d77d6364eeaed5a745ba5c4985ae2b700dd85d7cf7f027bdf294a33fc",
		"oci": "ghcr.io/acme/make-audit-mcp:1.2.3",
	}, identifiers)
}

func TestServerJSONIsMadeAfterTheBundle(t *testing.T) {
	t.Parallel()
	r := disttest.Release(t)
	assert.ErrorContains(t, registry.Make(t.Context(), r), filepath.Base(r.Path("make-audit-mcp-1.2.3.mcpb")))
}

package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/image"
)

// unpacked is a layout: blobs by their paths.
type unpacked map[string][]byte

func unpack(t *testing.T, content io.Reader) unpacked {
	t.Helper()
	files := unpacked{}
	for reader := tar.NewReader(content); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		files[header.Name], err = io.ReadAll(reader)
		require.NoError(t, err)
	}
}

// descriptor points to a blob.
type descriptor struct {
	Digest      string
	Annotations map[string]string
	Platform    struct{ OS, Architecture string }
}

func (u unpacked) read(t *testing.T, digest string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(u["blobs/sha256/"+digest[len("sha256:"):]], into))
}

// config is what of an image's configuration says how it runs.
type config struct {
	User        string
	Env         []string
	Entrypoint  []string
	Cmd         []string
	Healthcheck struct{ Test []string }
	Labels      map[string]string
}

// images returns the configuration and the files of each image, by its architecture.
func (u unpacked) images(t *testing.T) (map[string]config, map[string]unpacked) {
	t.Helper()
	var top, index struct{ Manifests []descriptor }
	require.NoError(t, json.Unmarshal(u["index.json"], &top))
	require.Len(t, top.Manifests, 1)
	assert.Equal(t, "1.2.3-rc.1", top.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	u.read(t, top.Manifests[0].Digest, &index)
	configs, files := map[string]config{}, map[string]unpacked{}
	for _, one := range index.Manifests {
		assert.Equal(t, "linux", one.Platform.OS)
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		u.read(t, one.Digest, &manifest)
		require.Len(t, manifest.Layers, 1)
		var file struct {
			Architecture string
			Config       config
		}
		u.read(t, manifest.Config.Digest, &file)
		assert.Equal(t, one.Platform.Architecture, file.Architecture)
		layer, err := gzip.NewReader(bytes.NewReader(u["blobs/sha256/"+manifest.Layers[0].Digest[len("sha256:"):]]))
		require.NoError(t, err)
		configs[file.Architecture], files[file.Architecture] = file.Config, unpack(t, layer)
	}
	return configs, files
}

func TestTheImageIsBinaryRootsAndLicencesAloneAndRunsAsTheDockerfilesDoes(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "../..")
	require.NoError(t, image.Make(t.Context(), release))
	layout := unpack(t, bytes.NewReader(disttest.Read(t, release, "make-audit-mcp_1.2.3-rc.1_image.tar")))
	configs, files := layout.images(t)
	require.Len(t, configs, 2)
	dockerfile, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	instruction := func(pattern string) string {
		found := regexp.MustCompile(`(?m)^` + pattern + `$`).FindSubmatch(dockerfile)
		require.NotNil(t, found, "%s", pattern)
		return string(found[1])
	}
	for architecture, config := range configs {
		assert.Equal(t, instruction(`USER (.*)`), config.User)
		assert.Equal(t, []string{instruction(`ENV (.*)`)}, config.Env)
		assert.JSONEq(t, instruction(`ENTRYPOINT (.*)`), marshal(t, config.Entrypoint))
		assert.JSONEq(t, instruction(`CMD (.*)`), marshal(t, config.Cmd))
		assert.JSONEq(t, `["CMD", `+instruction(`HEALTHCHECK .* CMD \[(.*)`), marshal(t, config.Healthcheck.Test))
		assert.Equal(t, "io.github.acme/make-audit-mcp", config.Labels["io.modelcontextprotocol.server.name"])
		assert.Equal(t, "https://github.com/acme/make-audit-mcp", config.Labels["org.opencontainers.image.source"])
		assert.Equal(t, release.Commit, config.Labels["org.opencontainers.image.revision"])

		require.Len(t, files[architecture], 4)
		assert.NotEmpty(t, files[architecture]["make-audit-mcp"])
		assert.Equal(t, "licences of others\n", string(files[architecture]["licenses/THIRD_PARTY_LICENSES"]))
		assert.Contains(t, string(files[architecture]["licenses/LICENSE"]), "Apache License")
		roots := x509.NewCertPool()
		assert.True(t, roots.AppendCertsFromPEM(files[architecture]["etc/ssl/certs/ca-certificates.crt"]))
	}
}

func TestEnginesThatKeepNoImagesOfOCIFindTheirs(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "../..")
	require.NoError(t, image.Make(t.Context(), release))
	layout := unpack(t, bytes.NewReader(disttest.Read(t, release, "make-audit-mcp_1.2.3-rc.1_image.tar")))
	var list []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	require.NoError(t, json.Unmarshal(layout["manifest.json"], &list))
	require.Len(t, list, 2)
	assert.Equal(t, []string{"ghcr.io/acme/make-audit-mcp:1.2.3-rc.1-amd64"}, list[0].RepoTags)
	for _, one := range list {
		assert.Contains(t, layout, one.Config)
		require.Len(t, one.Layers, 1)
		assert.Contains(t, layout, one.Layers[0])
	}
}

func marshal(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// Package image makes the container image, from nothing but the binary, the roots that it trusts, and licences.
package image

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"make-audit-mcp/release/dist"
)

// Make writes an image for every Linux that there is a binary for, as a layout of OCI in a tar, which skopeo, podman and docker read.
func Make(_ context.Context, r dist.Release) error {
	tag, err := name.NewTag(r.Address.Image + ":" + r.Version)
	if err != nil {
		return fmt.Errorf("the image's name in release/address.json: %w", err)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var docker []map[string]any
	for _, platform := range dist.Platforms() {
		if platform.OS != "linux" {
			continue
		}
		image, err := build(r, platform)
		if err != nil {
			return fmt.Errorf("image for %s: %w", platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: platform.OS, Architecture: platform.Arch}},
		})
		described, err := dockers(image, tag.Name()+"-"+platform.Arch)
		if err != nil {
			return err
		}
		docker = append(docker, described)
	}
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // it is the machine's temporary folder
	at, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": r.Version, "io.containerd.image.name": tag.Name(),
	})
	if err := at.AppendIndex(index, named); err != nil {
		return err
	}
	return pack(r, folder, docker)
}

// pack writes a layout as a tar, with the list beside it that engines of Docker read which keep no images of OCI.
func pack(r dist.Release, folder string, docker []map[string]any) error {
	list, err := json.Marshal(docker)
	if err != nil {
		return err
	}
	files := []dist.File{{Path: "manifest.json", Mode: 0o644, Content: list}}
	err = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		file, err := dist.Read(path, filepath.ToSlash(relative), 0o644)
		files = append(files, file)
		return err
	})
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := dist.Tar(&packed, r.Time, files); err != nil {
		return err
	}
	return r.Write(fmt.Sprintf("%s_%s_image.tar", dist.Name, r.Version), packed.Bytes())
}

// build makes the image for a platform.
func build(r dist.Release, platform dist.Platform) (v1.Image, error) {
	binary, err := r.Binary(platform, dist.Name)
	if err != nil {
		return nil, err
	}
	licences, err := r.LicenceFiles("licenses/")
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	err = dist.Tar(&content, r.Time, append([]dist.File{
		{Path: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644, Content: roots()}, binary,
	}, licences...))
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer: layer, History: v1.History{Created: v1.Time{Time: r.Time}, CreatedBy: "scripts/release"},
	})
	if err != nil {
		return nil, err
	}
	file, err := config(r, platform, image)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, file)
}

// config says how the image runs: as the Dockerfile does.
func config(r dist.Release, platform dist.Platform, image v1.Image) (*v1.ConfigFile, error) {
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = platform.OS, platform.Arch, v1.Time{Time: r.Time}
	file.Config = v1.Config{
		User:         "65532:65532",
		Env:          []string{"MCP_ADDRESS=0.0.0.0:8080"}, // a container is reached from outside; http wants a token or an issuer then
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Entrypoint:   []string{"/" + dist.Name},
		Cmd:          []string{"http"},
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "/" + dist.Name, "http", "--health"},
			Interval: 30 * time.Second, Timeout: 5 * time.Second, StartPeriod: 5 * time.Second,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":       dist.Name,
			"org.opencontainers.image.description": "Lets an AI agent ask about a Make.com organization's audit log",
			"org.opencontainers.image.version":     r.Version,
			"org.opencontainers.image.revision":    r.Commit,
			"org.opencontainers.image.created":     r.Time.Format(time.RFC3339),
			"org.opencontainers.image.source":      "https://" + r.Address.Repository,
			"org.opencontainers.image.licenses":    dist.License,
			"io.modelcontextprotocol.server.name":  r.Address.Registry,
		},
	}
	return file, nil
}

// dockers returns an image's entry in manifest.json.
func dockers(image v1.Image, tag string) (map[string]any, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	blob := func(hash v1.Hash) string { return "blobs/" + hash.Algorithm + "/" + hash.Hex }
	var layers []string
	for _, layer := range manifest.Layers {
		layers = append(layers, blob(layer.Digest))
	}
	return map[string]any{"Config": blob(manifest.Config.Digest), "RepoTags": []string{tag}, "Layers": layers}, nil
}

// roots returns the certificates that Mozilla trusts, of the version in go.mod, in PEM. Those that it trusts on a condition are left out: a
// file cannot say it, and what was signed before the condition's day has expired, or soon will.
func roots() []byte {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
		}
	}
	return all.Bytes()
}

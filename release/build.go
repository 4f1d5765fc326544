package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/release/dist"
)

// prepare finds out what is released.
func prepare(ctx context.Context, asked order, folder string) (dist.Release, error) {
	root, err := git(ctx, asked.root, "rev-parse", "--show-toplevel")
	if err != nil {
		return dist.Release{}, err
	}
	changed, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return dist.Release{}, err
	}
	if changed != "" && !asked.dirty {
		return dist.Release{}, errors.New("not everything is committed (git status): commit it, or say --dirty for a trial")
	}
	commit, err := git(ctx, root, "log", "-1", "--format=%H %ct")
	if err != nil {
		return dist.Release{}, err
	}
	hash, seconds, _ := strings.Cut(commit, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return dist.Release{}, err
	}
	address, err := dist.ReadAddress(root)
	if err != nil {
		return dist.Release{}, err
	}
	return dist.Release{
		Version: asked.version, Commit: hash, Time: time.Unix(at, 0).UTC(), Root: root, Out: folder,
		Binaries: map[dist.Platform]string{}, Address: address,
	}, nil
}

// build builds the binaries, one after the other: each takes all processors, and finds in Go's cache what it shares with others.
func build(ctx context.Context, release *dist.Release) error {
	for _, platform := range dist.Platforms() {
		binary := filepath.Join(release.Out, "bin", platform.String(), platform.Executable())
		// Of the machine nothing gets in: neither paths nor the state of the repository (a tag gives the module a version), nor
		// what the environment says of Go.
		command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly",
			"-ldflags", "-s -w -buildid= -X main.version="+release.Version, "-o", binary, ".")
		command.Dir, command.Stderr = release.Root, os.Stderr
		command.Env = append(os.Environ(), "GOOS="+platform.OS, "GOARCH="+platform.Arch, "CGO_ENABLED=0",
			"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off")
		if err := command.Run(); err != nil {
			return fmt.Errorf("build for %s: %w", platform, err)
		}
		release.Binaries[platform] = binary
	}
	return nil
}

// git returns what git prints in a folder.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir, command.Stderr = folder, os.Stderr
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(printed)), nil
}

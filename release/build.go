package main

import (
	"context"
	_ "embed" // of what is said to the compiler
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/licences"
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
		if err := compile(ctx, *release, platform, binary); err != nil {
			return fmt.Errorf("build for %s: %w", platform, err)
		}
		release.Binaries[platform] = binary
	}
	return nil
}

// compile builds one binary. Of the machine nothing gets in: neither paths nor the state of the repository (a tag would give the module a
// version), nor what the environment says to Go.
func compile(ctx context.Context, release dist.Release, platform dist.Platform, to string) error {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly"}, small()...)
	args = append(args, "-ldflags", "-s -w -buildid= -X main.version="+release.Version, "-o", to, ".")
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // of a version
	command.Dir, command.Stderr = release.Root, os.Stderr
	command.Env = append(os.Environ(), "GOOS="+platform.OS, "GOARCH="+platform.Arch, "CGO_ENABLED=0",
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off", "GO111MODULE=on")
	return command.Run()
}

// noInline names large packages of others, a line each, that are not inlined, since nothing waits for them: 340 kB of the binary.
//
//go:embed noinline.txt
var noInline string

// small are the flags that say so.
func small() (flags []string) {
	for packages := range strings.FieldsSeq(noInline) {
		flags = append(flags, "-gcflags="+packages+"=-l")
	}
	return flags
}

// describe has the program say what shells and the reader of man pages want to know of it (the one for this machine does), and collects
// the licences of what is in it.
func describe(ctx context.Context, release *dist.Release) (err error) {
	here := dist.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	binary, ok := release.Binaries[here]
	if !ok {
		return fmt.Errorf("a release cannot be made on %s, which it has no binary for", here)
	}
	release.Completions = map[string][]byte{}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if release.Completions[shell], err = output(ctx, release.Root, binary, "completion", shell); err != nil {
			return err
		}
	}
	release.Manual, err = output(ctx, release.Root, "go", "run", "./internal/manual", release.Version, release.Time.Format(time.DateOnly))
	if err != nil {
		return err
	}
	release.Licences, err = licences.Collect(ctx, *release)
	return err
}

// git returns what git prints in a folder.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	printed, err := output(ctx, folder, "git", args...)
	return strings.TrimSpace(string(printed)), err
}

// output returns what a program prints.
func output(ctx context.Context, folder, name string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // all of them are named here
	command.Dir, command.Stderr = folder, os.Stderr
	printed, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return printed, nil
}

// Command release makes every package of a release from the commit that is checked out, and publishes nothing.
//
//	release VERSION [-o DIR]
//
// Two releases of one commit are equal byte for byte, wherever they are made.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/mcpb"
	"make-audit-mcp/release/npm"
	"make-audit-mcp/release/registry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// makers make packages of what was built, each in files of its own.
func makers() []func(context.Context, dist.Release) error {
	return []func(context.Context, dist.Release) error{
		npm.Make,
		mcpb.Make,
		registry.Make, // of the bundle, too
	}
}

var versions = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	out := flags.String("o", "dist", "folder that packages are written to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	version := strings.TrimPrefix(flags.Arg(0), "v")
	if !versions.MatchString(version) {
		return errors.New("tell the version as VERSION, like v0.1.0 or v0.1.0-rc.1")
	}
	release, err := build(ctx, version, *out)
	if err != nil {
		return err
	}
	for _, make := range makers() {
		if err := make(ctx, release); err != nil {
			return err
		}
	}
	return nil
}

// build builds the binaries.
func build(ctx context.Context, version, out string) (dist.Release, error) {
	root, err := output(ctx, "", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return dist.Release{}, err
	}
	seconds, err := output(ctx, root, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return dist.Release{}, err
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return dist.Release{}, err
	}
	address, err := dist.ReadAddress(root)
	if err != nil {
		return dist.Release{}, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return dist.Release{}, err
	}
	release := dist.Release{
		Version: version, Time: time.Unix(at, 0).UTC(), Root: root, Out: out,
		Binaries: map[dist.Platform]string{}, Address: address,
	}
	for _, platform := range dist.Platforms() {
		binary := filepath.Join(out, "bin", platform.String(), platform.Executable())
		//nolint:gosec // Go itself
		command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags", "-s -w -buildid= -X main.version="+version, "-o", binary, ".")
		command.Dir, command.Stderr = root, os.Stderr
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Arch)
		if err := command.Run(); err != nil {
			return dist.Release{}, fmt.Errorf("build for %s: %w", platform, err)
		}
		release.Binaries[platform] = binary
	}
	return release, nil
}

func output(ctx context.Context, folder, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // git
	command.Dir = folder
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(printed)), nil
}

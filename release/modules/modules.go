// Package modules tells which modules the binaries of a release are made of.
package modules

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"make-audit-mcp/release/dist"
)

// Module is one that is in a binary.
type Module struct {
	// Path is its name; Go's own packages are the module std.
	Path string
	// Version is as modules write it, v1.2.3; that of std has no v.
	Version string
	// Folder is where its source lies on this machine; empty where Go does not say.
	Folder string
}

// Of returns the modules that any of a release's binaries says it has, sorted.
func Of(ctx context.Context, r dist.Release) ([]Module, error) {
	folders, err := folders(ctx, r.Root)
	if err != nil {
		return nil, err
	}
	var found []Module
	for _, platform := range dist.Platforms() {
		info, err := buildinfo.ReadFile(r.Binaries[platform])
		if err != nil {
			return nil, err
		}
		found = append(found, Module{"std", strings.TrimPrefix(info.GoVersion, "go"), folders["std"]})
		for _, dependency := range info.Deps {
			if dependency.Replace != nil {
				dependency = dependency.Replace
			}
			found = append(found, Module{dependency.Path, dependency.Version, folders[dependency.Path+"@"+dependency.Version]})
		}
	}
	slices.SortFunc(found, func(a, b Module) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Version, b.Version)) })
	return slices.Compact(found), nil
}

// folders returns where Go keeps the modules of the repository, by PATH@VERSION, and itself.
func folders(ctx context.Context, root string) (map[string]string, error) {
	listed, err := output(ctx, root, "list", "-m", "-f", "{{.Path}}@{{.Version}} {{.Dir}}", "all")
	if err != nil {
		return nil, err
	}
	home, err := output(ctx, root, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := map[string]string{"std": strings.TrimSpace(home)}
	for line := range strings.Lines(listed) {
		name, folder, _ := strings.Cut(strings.TrimSpace(line), " ")
		folders[name] = folder
	}
	return folders, nil
}

func output(ctx context.Context, folder string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // all of them are named here
	command.Dir, command.Stderr = folder, os.Stderr
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(printed), nil
}

// Command setaddress moves the tree to the address where it is published: it writes release/address.json, and changes what depends on it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"make-audit-mcp/release/dist"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "set-address:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, to, err := parse(args)
	if err != nil {
		return err
	}
	from, err := dist.ReadAddress(root)
	if err != nil {
		return err
	}
	listed, err := exec.CommandContext(ctx, "git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output() //nolint:gosec // of the caller's own tree
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	names := strings.Split(strings.TrimSuffix(string(listed), "\x00"), "\x00")
	rewriter, err := newRewriter(from, to, folders(names))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := change(filepath.Join(root, name), rewriter); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	written, err := to.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, dist.AddressFile), written, 0o644) //nolint:gosec // a file of the tree
}

// folders returns those that hold the tree's Go packages, the outermost of each.
func folders(names []string) []string {
	seen := map[string]bool{}
	var found []string
	for _, name := range names {
		first, _, nested := strings.Cut(name, "/")
		if nested && strings.HasSuffix(name, ".go") && !seen[first] {
			seen[first] = true
			found = append(found, regexp.QuoteMeta(first))
		}
	}
	return found
}

// change rewrites a file, if there is something to rewrite.
func change(path string, rewriter *rewriter) error {
	info, err := os.Lstat(path) //nolint:gosec // a file of the tree
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	content, err := os.ReadFile(path) //nolint:gosec // a file of the tree
	if err != nil || bytes.IndexByte(content, 0) >= 0 {
		return err
	}
	changed := rewriter.rewrite(path, content)
	if bytes.Equal(changed, content) {
		return nil
	}
	if strings.HasSuffix(path, ".go") { // in which imports are in order
		if changed, err = format.Source(changed); err != nil {
			return err
		}
	}
	return os.WriteFile(path, changed, info.Mode()) //nolint:gosec // a file of the tree
}

// parse reads the command line: all that is not said follows from the repository.
func parse(args []string) (root string, address dist.Address, err error) {
	const usage = "scripts/set-address github.com/OWNER/make-audit-mcp [--npm @SCOPE/make-audit-mcp] [--image HOST/OWNER/make-audit-mcp] " +
		"[--maintainer 'NAME <ADDRESS>'] [--registry NAMESPACE/make-audit-mcp] [--module PATH]"
	flags := flag.NewFlagSet("scripts/set-address", flag.ContinueOnError)
	flags.Usage = func() { _, _ = fmt.Fprintln(flags.Output(), usage) }
	flags.StringVar(&root, "C", ".", "")
	flags.StringVar(&address.NPM, "npm", dist.Name, "")
	flags.StringVar(&address.Image, "image", "", "")
	flags.StringVar(&address.Maintainer, "maintainer", "", "")
	flags.StringVar(&address.Registry, "registry", "", "")
	flags.StringVar(&address.Module, "module", "", "")
	var words []string
	for len(args) > 0 { // flags stand on both sides
		if err := flags.Parse(args); err != nil {
			return "", dist.Address{}, err
		}
		if args = flags.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	if len(words) != 1 {
		return "", dist.Address{}, fmt.Errorf("say one address: %s", usage)
	}
	address.Repository = words[0]
	address, err = complete(address)
	return root, address, err
}

// complete derives what was not said from the repository, and checks all.
func complete(address dist.Address) (dist.Address, error) {
	host, path, _ := strings.Cut(address.Repository, "/")
	owner, _, _ := strings.Cut(path, "/")
	fill := func(into *string, derived string) {
		if *into == "" {
			*into = derived
		}
	}
	fill(&address.Module, address.Repository)
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	namespace := strings.Join(labels, ".")
	if host == "github.com" { // as the MCP registry calls its users
		namespace = "io.github." + owner
		fill(&address.Image, strings.ToLower("ghcr.io/"+path))
		fill(&address.Maintainer, fmt.Sprintf("%s <%s@users.noreply.github.com>", owner, owner))
	}
	fill(&address.Registry, namespace+"/"+dist.Name)
	for _, part := range []struct{ value, pattern, what, example string }{
		{address.Repository, `^[\w-]+(\.[\w-]+)+(/[\w.-]+)*/` + dist.Name + `$`, "the address", "github.com/acme/" + dist.Name},
		{address.Module, `^([\w-]+(\.[\w-]+)+(/[\w.-]+)*/)?` + dist.Name + `$`, "--module", "github.com/acme/" + dist.Name},
		{address.NPM, `^(@[a-z0-9][a-z0-9._-]*/)?` + dist.Name + `$`, "--npm", "@acme/" + dist.Name},
		{address.Image, `^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+$`, "--image", "ghcr.io/acme/" + dist.Name},
		{address.Registry, `^[a-zA-Z0-9.-]+/` + dist.Name + `$`, "--registry", "io.github.acme/" + dist.Name},
		{address.Maintainer, `^[^<>"\\]+ <[^<>@\s]+@[^<>@\s]+>$`, "--maintainer", "Acme <security@acme.example>"},
	} {
		if !regexp.MustCompile(part.pattern).MatchString(part.value) {
			return dist.Address{}, fmt.Errorf("%s is %q; give one such as %q", part.what, part.value, part.example)
		}
	}
	return address, nil
}

// Package homebrew makes the formula that Homebrew installs from.
package homebrew

import (
	"context"
	"fmt"
	"strings"

	"make-audit-mcp/release/archive"
	"make-audit-mcp/release/checksums"
	"make-audit-mcp/release/dist"
)

// Make writes the formula, which names the archives that were made.
func Make(_ context.Context, r dist.Release) error {
	var formula strings.Builder
	fmt.Fprintf(&formula, `class MakeAuditMcp < Formula
  desc "Lets an AI agent ask about a Make.com organization's audit log"
  homepage "https://%s"
  version "%s"
  license "%s"
`, r.Address.Repository, r.Version, dist.License)
	for _, os := range []struct{ block, name string }{{"macos", "darwin"}, {"linux", "linux"}} {
		fmt.Fprintf(&formula, "\n  on_%s do\n", os.block)
		for _, arch := range []struct{ block, name string }{{"arm", "arm64"}, {"intel", "amd64"}} {
			platform := dist.Platform{OS: os.name, Arch: arch.name}
			sum, err := checksums.Of(r.Path("%s", archive.Name(r, platform)))
			if err != nil {
				return err
			}
			fmt.Fprintf(&formula, "    on_%s do\n      url %q\n      sha256 %q\n    end\n", arch.block, archive.URL(r, platform), sum)
		}
		formula.WriteString("  end\n")
	}
	formula.WriteString(`
  def install
    bin.install "make-audit-mcp"
    prefix.install "` + dist.LicencesFile + `"
    man1.install "man/make-audit-mcp.1"
    bash_completion.install "completions/make-audit-mcp.bash" => "make-audit-mcp"
    zsh_completion.install "completions/_make-audit-mcp"
    fish_completion.install "completions/make-audit-mcp.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/make-audit-mcp --version")
    system bin/"make-audit-mcp", "--demo", "check"
  end
end
`)
	return r.Write(dist.Name+".rb", []byte(formula.String()))
}

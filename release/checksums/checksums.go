// Package checksums says what every file of a release must hash to.
package checksums

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"make-audit-mcp/release/dist"
)

// Make writes SHA256SUMS of all packages that were made, as sha256sum --check reads it. What lies in a folder, as binaries do, is
// no package.
func Make(_ context.Context, r dist.Release) error {
	entries, err := os.ReadDir(r.Out)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		sum, err := Of(filepath.Join(r.Out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, entry.Name())
	}
	return r.Write("SHA256SUMS", []byte(sums.String()))
}

// Of returns the SHA-256 of a file, in hex.
func Of(path string) (string, error) {
	content, err := os.ReadFile(path) //nolint:gosec // a file of the release
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(content)), nil
}

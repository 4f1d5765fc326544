package dist

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Address is what depends on where the repository is published. It has one home, release/address.json, which scripts/set-address writes.
type Address struct {
	// Repository is the address of the source, without its scheme: github.com/OWNER/make-audit-mcp.
	Repository string `json:"repository"`
	// Registry is the name in the MCP registry, reverse DNS and one slash: io.github.OWNER/make-audit-mcp.
	Registry string `json:"registry"`
	// NPM is the name of the npm package; those of platforms begin with it.
	NPM string `json:"npm"`
	// Image is the name of the container image, without a tag.
	Image string `json:"image"`
	// Maintainer is whom packages name: Name <address>.
	Maintainer string `json:"maintainer"`
}

// ReadAddress reads release/address.json of the repository at root.
func ReadAddress(root string) (Address, error) {
	content, err := os.ReadFile(filepath.Join(root, "release", "address.json")) //nolint:gosec // a file of the repository
	if err != nil {
		return Address{}, err
	}
	var address Address
	if err := json.Unmarshal(content, &address); err != nil {
		return Address{}, fmt.Errorf("release/address.json: %w", err)
	}
	return address, nil
}

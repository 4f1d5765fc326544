package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// addPackages adds what is true once a release is published: links that install with one click, and lines that need nothing installed. The
// names come from the release's own address.
func addPackages(root string, parts map[string]string) error {
	data, err := os.ReadFile(filepath.Join(root, "release", "address.json")) //nolint:gosec // a file of this repository
	if err != nil {
		return err
	}
	var address struct {
		NPM   string `json:"npm"`
		Image string `json:"image"`
	}
	if err := json.Unmarshal(data, &address); err != nil {
		return fmt.Errorf("release/address.json: %w", err)
	}
	parts["packages"] = fmt.Sprintf(`[<kbd>Add to Cursor</kbd>](%s) [<kbd>Add to VS Code</kbd>](%s)

<!-- check: none (once published) -->
`+"```sh"+`
npx -y %s --demo check
docker run --rm -i %s --demo check
`+"```"+`
`, addToCursor(address.NPM), addToVSCode(address.NPM), address.NPM, address.Image)
	return nil
}

// entry is how a client starts the server.
type entry struct {
	Type    string            `json:"type"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
}

// addToCursor is the link that has Cursor add the server, with the key and the zone from the environment that Cursor was started in.
//
// Source: https://cursor.com/docs/context/mcp/install-links
func addToCursor(npm string) string {
	config := plain(entry{Type: "stdio", Command: "npx", Args: []string{"-y", npm},
		Env: map[string]string{"MAKE_API_KEY": "${env:MAKE_API_KEY}", "MAKE_ZONE": "${env:MAKE_ZONE}"}})
	query := url.Values{"name": {"make-audit"}, "config": {base64.StdEncoding.EncodeToString(config)}}
	return "https://cursor.com/en/install-mcp?" + query.Encode()
}

// addToVSCode is the link that has VS Code add the server, and ask for key and zone.
//
// Source: https://code.visualstudio.com/api/extension-guides/ai/mcp
func addToVSCode(npm string) string {
	type input struct {
		ID          string `json:"id"`
		Type        string `json:"type"`
		Description string `json:"description"`
		Password    bool   `json:"password"`
	}
	inputs := plain([]input{
		{ID: "make-api-key", Type: "promptString", Description: "Make API key", Password: true},
		{ID: "make-zone", Type: "promptString", Description: "Host that you sign in to, e.g. eu1.make.com"},
	})
	config := plain(entry{Type: "stdio", Command: "npx", Args: []string{"-y", npm},
		Env: map[string]string{"MAKE_API_KEY": "${input:make-api-key}", "MAKE_ZONE": "${input:make-zone}"}})
	query := func(text []byte) string { // with no plus for a space
		return strings.ReplaceAll(url.QueryEscape(string(text)), "+", "%20")
	}
	return "https://vscode.dev/redirect/mcp/install?name=make-audit&inputs=" + query(inputs) + "&config=" + query(config)
}

// plain writes a value that cannot fail to be written.
func plain(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}

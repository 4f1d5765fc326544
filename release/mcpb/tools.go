package mcpb

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// toolsOf asks a binary for its tools, as clients do, and returns each with the first sentence of its description.
func toolsOf(ctx context.Context, binary string) ([]tool, error) {
	command := exec.CommandContext(ctx, binary, "--demo", "stdio")
	command.Env = []string{} // what the machine's says chooses no tools
	command.Stderr = os.Stderr
	command.Stdin = strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",` +
		`"capabilities":{},"clientInfo":{"name":"release","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/list"}
`)
	said, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	lines := bufio.NewScanner(bytes.NewReader(said))
	lines.Buffer(nil, len(said)+1)
	for lines.Scan() {
		var answer struct {
			Result struct{ Tools []tool }
		}
		if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
			return nil, fmt.Errorf("%s: %w", binary, err)
		}
		if len(answer.Result.Tools) == 0 {
			continue
		}
		for i := range answer.Result.Tools {
			one := &answer.Result.Tools[i]
			sentence, _, _ := strings.Cut(one.Description, ". ")
			one.Description = strings.TrimSuffix(sentence, ".") + "."
		}
		return answer.Result.Tools, nil
	}
	return nil, errors.New(binary + " listed no tools")
}

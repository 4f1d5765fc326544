package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/transport"
)

// addInputRequired adds what asks the client for more by its result, as revision 2026-07-28 has it.
func addInputRequired(s *server.MCPServer) {
	seal := newSeal()

	s.AddTool(mcp.NewTool("test_input_required_result_elicitation", mcp.WithDescription("Asks for a name.")), greet)
	s.AddTool(mcp.NewTool("test_streaming_elicitation", mcp.WithDescription("Asks for a name on a stream.")), greet)
	s.AddTool(mcp.NewTool("test_input_required_result_sampling", mcp.WithDescription("Asks the client's model.")),
		func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			answer := server.SamplingResponse(request.Params.InputResponses, "capital_question")
			if answer == nil {
				return ask("").Sample("capital_question", question("What is the capital of France?")).ToolResult(), nil
			}
			return mcp.NewToolResultText("LLM response: " + mcp.GetTextFromContent(answer.Content)), nil
		})
	s.AddTool(mcp.NewTool("test_input_required_result_list_roots", mcp.WithDescription("Asks for the client's roots.")),
		func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			answer := server.RootsResponse(request.Params.InputResponses, "client_roots")
			if answer == nil {
				return ask("").Roots("client_roots").ToolResult(), nil
			}
			return mcp.NewToolResultText(rootsText(answer)), nil
		})
	s.AddTool(mcp.NewTool("test_input_required_result_capabilities", mcp.WithDescription("Asks for what the client can do.")), askWithin)
	s.AddTool(mcp.NewTool("test_input_required_result_request_state", mcp.WithDescription("Keeps its state with the client.")),
		seal.confirm)
	s.AddTool(mcp.NewTool("test_input_required_result_tampered_state", mcp.WithDescription("Refuses state that was changed.")),
		seal.confirm)
	s.AddTool(mcp.NewTool("test_input_required_result_multiple_inputs", mcp.WithDescription("Asks for three things at once.")),
		seal.askForAll)
	s.AddTool(mcp.NewTool("test_input_required_result_multi_round", mcp.WithDescription("Asks twice.")), seal.askTwice)

	s.AddPrompt(mcp.NewPrompt("test_input_required_result_prompt", mcp.WithPromptDescription("Asks for context.")),
		func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			answer, ok := field[string](request.Params.InputResponses, "user_context", "context")
			if !ok {
				return ask("").Elicit("user_context", textForm("What context should the prompt use?", "context")).PromptResult(), nil
			}
			return messages(mcp.NewTextContent("Context: " + answer)), nil
		})
}

func greet(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	name, ok := field[string](request.Params.InputResponses, "user_name", "name")
	if !ok {
		return ask("").Elicit("user_name", textForm("What is your name?", "name")).ToolResult(), nil
	}
	return mcp.NewToolResultText("Hello, " + name + "!"), nil
}

// askWithin asks for everything that the client declared to be able to answer.
func askWithin(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if len(request.Params.InputResponses) > 0 {
		return mcp.NewToolResultText("Thank you."), nil
	}
	can := clientCapabilities(ctx)
	if can.Elicitation == nil && can.Sampling == nil && can.Roots == nil {
		return mcp.NewToolResultText("The client can answer nothing."), nil
	}
	requests := ask("")
	if can.Elicitation != nil {
		requests.Elicit("user_name", textForm("What is your name?", "name"))
	}
	if can.Sampling != nil {
		requests.Sample("greeting", question("Generate a greeting"))
	}
	if can.Roots != nil {
		requests.Roots("client_roots")
	}
	return requests.ToolResult(), nil
}

// confirm asks for a yes, and wants its state back unchanged.
func (s seal) confirm(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	tool := request.Params.Name
	requests := ask(s.close(tool)).Elicit("confirm", form("Please confirm", object{"ok": object{"type": "boolean"}}, "ok"))
	if request.Params.RequestState == "" {
		return requests.ToolResult(), nil
	}
	if _, err := s.open(ctx, request.Params.RequestState, tool); err != nil {
		return nil, err
	}
	if ok, answered := field[bool](request.Params.InputResponses, "confirm", "ok"); !answered || !ok {
		return requests.ToolResult(), nil
	}
	return mcp.NewToolResultText("state-ok"), nil
}

// askForAll asks by every method that there is.
func (s seal) askForAll(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	const tool = "test_input_required_result_multiple_inputs"
	answers := request.Params.InputResponses
	name, named := field[string](answers, "user_name", "name")
	greeting, roots := server.SamplingResponse(answers, "greeting"), server.RootsResponse(answers, "client_roots")
	if request.Params.RequestState == "" || !named || greeting == nil || roots == nil {
		return ask(s.close(tool)).
			Elicit("user_name", textForm("What is your name?", "name")).
			Sample("greeting", question("Generate a greeting")).
			Roots("client_roots").
			ToolResult(), nil
	}
	if _, err := s.open(ctx, request.Params.RequestState, tool); err != nil {
		return nil, err
	}
	return mcp.NewToolResultText(fmt.Sprintf("%s: %s. %s", name, mcp.GetTextFromContent(greeting.Content), rootsText(roots))), nil
}

// askTwice keeps the first answer in the state while it waits for the second.
func (s seal) askTwice(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	const tool = "test_input_required_result_multi_round"
	first := ask(s.close(tool)).Elicit("step1", textForm("Step 1: What is your name?", "name"))
	if request.Params.RequestState == "" {
		return first.ToolResult(), nil
	}
	known, err := s.open(ctx, request.Params.RequestState, tool)
	if err != nil {
		return nil, err
	}
	if known == "" {
		name, ok := field[string](request.Params.InputResponses, "step1", "name")
		if !ok {
			return first.ToolResult(), nil
		}
		known = name
	}
	color, ok := field[string](request.Params.InputResponses, "step2", "color")
	if !ok {
		return ask(s.close(tool, known)).Elicit("step2", textForm("Step 2: What is your favorite color?", "color")).ToolResult(), nil
	}
	return mcp.NewToolResultText(known + " likes " + color + "."), nil
}

func ask(state string) *server.InputRequestBuilder { return server.NewInputRequestBuilder(state) }

// textForm asks for one text.
func textForm(message, name string) mcp.ElicitationParams {
	return form(message, object{name: object{"type": "string"}}, name)
}

// field returns what the user filled in, if the answer is of the right shape.
func field[T any](answers mcp.InputResponses, id, name string) (T, bool) {
	var none T
	answer := server.ElicitationResponse(answers, id)
	if answer == nil || answer.Action != mcp.ElicitationResponseActionAccept {
		return none, false
	}
	content, ok := answer.Content.(map[string]any)
	if !ok {
		return none, false
	}
	value, ok := content[name].(T)
	return value, ok
}

func rootsText(result *mcp.ListRootsResult) string {
	uris := make([]string, 0, len(result.Roots))
	for _, root := range result.Roots {
		uris = append(uris, root.URI)
	}
	return "Roots: " + strings.Join(uris, ", ")
}

// seal signs the state that clients keep, so that they cannot change it. The suite's clients are all one user, and no state lives longer
// than the process.
type seal struct{ key []byte }

func newSeal() seal {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return seal{key}
}

// close writes state for a tool.
func (s seal) close(tool string, parts ...string) string {
	text := hex.EncodeToString([]byte(strings.Join(parts, "\n")))
	return text + "." + s.sign(tool, text)
}

// open reads state that close wrote for the same tool. An error goes out as invalid params.
func (s seal) open(ctx context.Context, state, tool string) (string, error) {
	text, signature, _ := strings.Cut(state, ".")
	content, err := hex.DecodeString(text)
	if err != nil || !hmac.Equal([]byte(signature), []byte(s.sign(tool, text))) {
		transport.Refuse(ctx, mcp.INVALID_PARAMS)
		return "", errors.New("requestState is not what this server sent")
	}
	return string(content), nil
}

func (s seal) sign(tool, text string) string {
	mac := hmac.New(sha256.New, s.key)
	_, _ = fmt.Fprintf(mac, "%s\n%s", tool, text) // never fails
	return hex.EncodeToString(mac.Sum(nil))
}

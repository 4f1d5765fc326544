package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"make-audit-mcp/internal/cli"
)

// picturePath is where the picture of a conversation lies.
const picturePath = "docs/conversation.svg"

// The question of the picture, and the call that answers it.
const (
	askedWords     = "Who deleted connections last week?"
	askedTool      = "count_audit_logs"
	askedArguments = `{"event": ["connection_deleted"], "group_by": ["actor"], "period": "last week"}`
	askedAt        = "2026-11-20T12:00:00Z"
)

// counted is what the picture shows of the answer.
type counted struct {
	Query struct {
		From     time.Time `json:"from"`
		To       time.Time `json:"to"`
		Timezone string    `json:"timezone"`
	} `json:"query"`
	Coverage struct {
		Gaps []any `json:"gaps"`
	} `json:"coverage"`
	Complete bool `json:"complete"`
	Total    int  `json:"total"`
	Groups   []struct {
		Key struct {
			Actor struct {
				Name string `json:"name"`
			} `json:"actor"`
		} `json:"key"`
		Count int       `json:"count"`
		First time.Time `json:"first_at"`
		Last  time.Time `json:"last_at"`
	} `json:"groups"`
}

// picture asks the demo, and draws question, call and answer.
func picture(ctx context.Context) (string, error) {
	var out, said bytes.Buffer
	// The flags go before what the environment says.
	arguments := []string{"--demo", "--demo-now", askedAt, "--timezone", "Europe/Prague", "--week-start", "monday",
		"call", askedTool, askedArguments}
	if cli.Run(ctx, arguments, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &said}, "") != 0 {
		return "", errors.New("the question of the picture was not answered: " + said.String())
	}
	var answer counted
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return "", fmt.Errorf("the answer of the picture: %w", err)
	}
	if len(answer.Groups) < 2 {
		return "", errors.New("the answer of the picture has fewer than two people")
	}
	return draw(answer), nil
}

// draw writes the picture.
func draw(answer counted) string {
	const (
		width      = 860
		wide       = 780 // of a box that holds lines of code
		lineHeight = 22
		padding    = 14
		gap        = 16
		header     = 20 // of a box, for who speaks
	)
	var boxes strings.Builder
	y := gap
	box := func(class, who string, x, broad int, lines ...string) {
		high := 2*padding + header + lineHeight*len(lines) - 4
		fmt.Fprintf(&boxes, "  <rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n", class, x, y, broad, high)
		fmt.Fprintf(&boxes, "  <text class=\"who\" x=\"%d\" y=\"%d\">%s</text>\n", x+padding, y+padding+10, escape(who))
		for i, line := range lines {
			fmt.Fprintf(&boxes, "  <text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x+padding,
				y+padding+header+lineHeight*i+14, escape(line))
		}
		y += high + gap
	}
	first := answer.Groups[0]
	lastDay := answer.Query.To.Add(-time.Second).Format(time.DateOnly)
	covered := "The whole week is covered."
	if !answer.Complete || len(answer.Coverage.Gaps) > 0 {
		covered = "Not all of the week is covered."
	}
	box("you", "You", width-gap-330, 330, askedWords)
	box("call", "Agent calls make-audit-mcp", gap, wide, askedTool, askedArguments)
	shown := []string{
		fmt.Sprintf("from %s to %s, %s; complete: %t", answer.Query.From.Format(time.RFC3339), answer.Query.To.Format(time.RFC3339),
			answer.Query.Timezone, answer.Complete),
		fmt.Sprintf("total: %d", answer.Total),
	}
	for _, group := range answer.Groups[:2] {
		shown = append(shown, fmt.Sprintf("%s: %d, first at %s, last at %s", group.Key.Actor.Name, group.Count,
			group.First.Format(time.RFC3339), group.Last.Format(time.RFC3339)))
	}
	box("call", "make-audit-mcp answers (in part)", gap, wide, append(shown, "…")...)
	box("agent", "Agent", gap, wide,
		fmt.Sprintf("%d connections were deleted from %s to %s. %s deleted %d of them:", answer.Total,
			answer.Query.From.Format(time.DateOnly), lastDay, first.Key.Actor.Name, first.Count),
		fmt.Sprintf("the first on %s, the last on %s. Nobody else deleted", first.First.Format("2 January at 15:04"),
			first.Last.Format("2 January at 15:04")),
		fmt.Sprintf("more than %d. %s", answer.Groups[1].Count, covered))
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img">
  <title>%s</title>
  <style>
    text { font: 15px system-ui, sans-serif; fill: #1f2328; }
    text.who { font-size: 12px; fill: #59636e; }
    text.call { font: 13px ui-monospace, monospace; }
    rect { stroke: #d1d9e0; }
    rect.you { fill: #ddf4ff; }
    rect.call { fill: #f6f8fa; }
    rect.agent, rect.page { fill: #ffffff; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      text.who { fill: #9198a1; }
      rect { stroke: #3d444d; }
      rect.you { fill: #121d2f; }
      rect.call { fill: #151b23; }
      rect.agent, rect.page { fill: #0d1117; }
    }
  </style>
  <rect class="page" x="0.5" y="0.5" width="%d" height="%d" rx="10"/>
%s</svg>
`, width, y, escape(askedWords), width-1, y-1, boxes.String())
}

// escape writes text for SVG.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

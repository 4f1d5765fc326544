package redact

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// detailsNode is a cleaned JSON value: a scalar, or a container with members.
type detailsNode struct {
	// text is a scalar as JSON, raw a string as it was read.
	text, raw string
	// source is the whole value as it was read.
	source json.RawMessage
	// open and close are a container's brackets, empty for a scalar.
	open, close string
	members     []detailsMember
	// omitted counts the members that were left out already.
	omitted int
	// size is the length of the whole as JSON, in characters.
	size int
	// isHarmless marks what can hold no secret.
	isHarmless, isMasked bool
}

// detailsMember is a member of an object, or with no key an element of an array.
type detailsMember struct {
	key     string
	isValue bool
	node    detailsNode
}

func scalar(text string) detailsNode {
	return detailsNode{text: text, size: utf8.RuneCountInString(text)}
}

// prefix is what stands before the i-th member's value.
func (n detailsNode) prefix(i int) string {
	var comma, key string
	if i > 0 {
		comma = ","
	}
	if n.open == "{" {
		key = quoteJSON(n.members[i].key) + ":"
	}
	return comma + key
}

// note is the last member of a container that was cut, written after i others.
func (n detailsNode) note(i, missing int) string {
	comma := ""
	if i > 0 {
		comma = ","
	}
	if n.open == "{" {
		return fmt.Sprintf(`%s"%s":"%d more"`, comma, moreKey, missing)
	}
	return fmt.Sprintf(`%s"%s %d more"`, comma, moreKey, missing)
}

// measured returns the container with its size filled in.
func (n detailsNode) measured() detailsNode {
	n.size = len(n.open) + len(n.close)
	for i, member := range n.members {
		n.size += utf8.RuneCountInString(n.prefix(i)) + member.node.size
	}
	if n.omitted > 0 {
		n.size += utf8.RuneCountInString(n.note(len(n.members), n.omitted))
	}
	return n
}

// render writes the node as JSON of at most budget characters, leaving out trailing members where the whole is longer. ok is false if not
// even that fits.
func (n detailsNode) render(budget int) (text string, ok bool) {
	if n.open == "" {
		return n.text, n.size <= budget
	}
	room := budget - len(n.open) - len(n.close)
	if n.size > budget {
		// Kept free for the note, whatever it will say.
		room -= utf8.RuneCountInString(n.note(1, len(n.members)+n.omitted))
	}
	if room < 0 {
		return "", false
	}
	var out strings.Builder
	out.WriteString(n.open)
	written := 0
	for i, member := range n.members {
		prefix := n.prefix(i)
		value, fits := member.node.render(room - utf8.RuneCountInString(prefix))
		if !fits {
			break
		}
		out.WriteString(prefix)
		out.WriteString(value)
		room -= utf8.RuneCountInString(prefix) + utf8.RuneCountInString(value)
		written++
	}
	if missing := len(n.members) - written + n.omitted; missing > 0 {
		out.WriteString(n.note(written, missing))
	}
	out.WriteString(n.close)
	return out.String(), true
}

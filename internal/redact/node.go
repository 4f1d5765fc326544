package redact

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// detailsNode is a cleaned JSON value: a scalar, or a container with members.
type detailsNode struct {
	// text is the value as JSON, raw a string as it was read.
	text, raw string
	// source is the whole value as it was read.
	source json.RawMessage
	// open and close are a container's brackets, empty for a scalar.
	open, close string
	members     []detailsMember
	// omitted counts the members that were left out already.
	omitted int
	// isText says that it is a string, isHarmless that it can hold no secret, isHidden that nothing of it is shown.
	isText, isHarmless, isHidden bool
}

// detailsMember is a member of an object, or with no key an element of an array.
type detailsMember struct {
	// raw is the key as it was read, key as it is shown.
	raw, key string
	node     detailsNode
}

// isFlat reports whether it is a scalar or a list of them.
func (n detailsNode) isFlat() bool {
	isNested := func(member detailsMember) bool { return member.node.open != "" }
	return n.open != "{" && !slices.ContainsFunc(n.members, isNested)
}

// written returns a member as it stands in the container, by its value as JSON.
func (n detailsNode) written(member detailsMember, value string) string {
	if n.open == "{" {
		return quoteJSON(member.key) + ":" + value
	}
	return value
}

// note is the last member of a container that was cut.
func (n detailsNode) note(missing int) string {
	if n.open == "{" {
		return fmt.Sprintf(`"%s":"%d more"`, moreKey, missing)
	}
	return fmt.Sprintf(`"%s %d more"`, moreKey, missing)
}

// container writes a container's first members, and how many it lacks.
func (n detailsNode) container(members []string) string {
	if missing := len(n.members) - len(members) + n.omitted; missing > 0 {
		members = append(members, n.note(missing))
	}
	return n.open + strings.Join(members, ",") + n.close
}

// whole returns the container with its text filled in. It is hidden if all in it is.
func (n detailsNode) whole() detailsNode {
	members := make([]string, len(n.members))
	n.isHidden = len(members) > 0
	for i, member := range n.members {
		members[i] = n.written(member, member.node.text)
		n.isHidden = n.isHidden && member.node.isHidden
	}
	n.text = n.container(members)
	return n
}

// render writes the node as JSON of at most budget characters, leaving out trailing members where the whole is longer. ok is false if not
// even that fits.
func (n detailsNode) render(budget int) (text string, ok bool) {
	if utf8.RuneCountInString(n.text) <= budget {
		return n.text, true
	}
	// Kept free for the note, whatever it will say, with its comma.
	room := budget - len(n.open) - len(n.close) - len(",") - utf8.RuneCountInString(n.note(len(n.members)+n.omitted))
	if n.open == "" || room < 0 {
		return "", false
	}
	var members []string
	for i, member := range n.members {
		if i > 0 {
			room -= len(",")
		}
		value, fits := member.node.render(room - utf8.RuneCountInString(n.written(member, "")))
		if !fits {
			break
		}
		members = append(members, n.written(member, value))
		room -= utf8.RuneCountInString(members[i])
	}
	return n.container(members), true
}

// shown is the node as it may be shown, of at most budget characters.
func (n detailsNode) shown(budget int) json.RawMessage {
	text, ok := n.render(budget)
	if !ok {
		text = quoteJSON(tooLongValue)
	}
	return json.RawMessage(text)
}

package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"make-audit-mcp/internal/auditlog"
)

const (
	// maxDetailsChars is the most characters that Details returns.
	maxDetailsChars = 6000
	// maxDetailsDepth is how deep objects and arrays may nest.
	maxDetailsDepth = 12
	// maxDetailsMembers is the most members kept of one object or array.
	maxDetailsMembers = 200
	// maxMaskedPaths is the most paths that Details lists.
	maxMaskedPaths = 20

	maskedValue  = "[masked]"
	tooDeepValue = "[too deep]"
	tooLongValue = "[too long]"
	// moreKey is the key under which an object says how many members were left out.
	moreKey = "…"
)

// Details makes a raw JSON value of others' making, of any shape, fit for a model. It returns compact JSON of at most 6,000 characters with
// the members in their original order and numbers exact:
//
//   - strings and keys are cleaned as [auditlog.Text]; keys that become equal get a suffix;
//   - what looks like a credential, by its key or by itself, becomes "[masked]"; for events about variables so do the variables' values.
//     null, booleans and the empty string stay, since they are no secret;
//   - what nests too deep or is too much is left out, and says so in its place.
//
// masked lists the paths of masked values, such as headers.cookie or items[0].secret, or $ for the whole; of more than 20 the last element
// says how many more there are. event is the entry's event. Only what is not one JSON value is an error, which wraps the decoder's.
func Details(raw json.RawMessage, event auditlog.Text) (cleaned json.RawMessage, masked []string, err error) {
	root, cleaner, err := readDetails(raw, event)
	if err != nil {
		return nil, nil, err
	}
	return root.shown(maxDetailsChars), cleaner.maskedPaths(), nil
}

// expectEnd fails if anything follows the value that was read.
func expectEnd(decoder *json.Decoder) error {
	switch _, err := decoder.Token(); {
	case err == nil:
		return errors.New("more than one value")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// detailsCleaner reads a JSON value token by token, so that order and numbers stay, into cleaned nodes.
type detailsCleaner struct {
	source  json.RawMessage
	decoder *json.Decoder
	event   auditlog.Text
	// ofVariable says that the entry is about variables, whose values are secret.
	ofVariable bool
	// paths are those of masked values, in the order of reading.
	paths []string
}

// readDetails reads the whole of some details.
func readDetails(raw json.RawMessage, event auditlog.Text) (detailsNode, *detailsCleaner, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	c := &detailsCleaner{source: raw, decoder: decoder, event: event, ofVariable: auditlog.Event{Value: event}.ConcernsVariables()}
	root, err := c.value("", 0)
	if err == nil {
		err = expectEnd(decoder)
	}
	if err != nil {
		return detailsNode{}, nil, fmt.Errorf("details are not valid JSON: %w", err)
	}
	return root, c, nil
}

// value reads the next value; depth counts the containers around it.
func (c *detailsCleaner) value(path string, depth int) (detailsNode, error) {
	begin := c.decoder.InputOffset()
	node, err := c.cleanValue(path, depth)
	if err == nil {
		// What stands before the value is what parts it from the last token.
		node.source = bytes.TrimLeft(c.source[begin:c.decoder.InputOffset()], ":, \t\r\n")
	}
	return node, err
}

func (c *detailsCleaner) cleanValue(path string, depth int) (detailsNode, error) {
	token, err := c.token()
	if err != nil {
		return detailsNode{}, err
	}
	switch v := token.(type) {
	case json.Delim:
		switch {
		case depth == maxDetailsDepth:
			return detailsNode{text: quoteJSON(tooDeepValue)}, c.skipToClose()
		case v == '{':
			return c.object(path, depth+1)
		default:
			return c.array(path, depth+1)
		}
	case string:
		node := detailsNode{text: quoteJSON(auditlog.Text(v).Clean()), raw: v, isHarmless: v == ""}
		if c.isCredential(v) {
			node = c.mask(path, node)
		}
		return node, nil
	case json.Number:
		return detailsNode{text: v.String()}, nil
	case bool:
		return detailsNode{text: strconv.FormatBool(v), isHarmless: true}, nil
	default:
		return detailsNode{text: "null", isHarmless: true}, nil
	}
}

// object reads the members of an object after its opening brace.
func (c *detailsCleaner) object(path string, depth int) (detailsNode, error) {
	node := detailsNode{open: "{", close: "}"}
	used := map[string]bool{moreKey: true} // kept for our own note
	namesSecret := false
	for c.decoder.More() {
		token, err := c.token()
		if err != nil {
			return detailsNode{}, err
		}
		if len(node.members) == maxDetailsMembers {
			node.omitted++
			if err := c.skipValue(); err != nil {
				return detailsNode{}, err
			}
			continue
		}
		rawKey, _ := token.(string) // keys are strings, or Token fails
		plain := plainKey(rawKey)
		member := detailsMember{key: c.uniqueKey(rawKey, used), isValue: isValueKey(plain)}
		memberPath := joinPath(path, member.key)
		pathsBefore := len(c.paths)
		if member.node, err = c.value(memberPath, depth); err != nil {
			return detailsNode{}, err
		}
		if isTellingKey(plain) || c.ofVariable && member.isValue {
			c.paths = c.paths[:pathsBefore] // masked as one, not piece by piece
			member.node = c.mask(memberPath, member.node)
		}
		namesSecret = namesSecret || isNameKey(plain) && isTellingKey(plainKey(member.node.raw))
		node.members = append(node.members, member)
	}
	if namesSecret {
		// {"name": "Authorization", "value": "…"}: the secret's name is a value here.
		for i, member := range node.members {
			if member.isValue {
				node.members[i].node = c.mask(joinPath(path, member.key), member.node)
			}
		}
	}
	return node.whole(), c.expectClose()
}

// array reads the elements of an array after its opening bracket.
func (c *detailsCleaner) array(path string, depth int) (detailsNode, error) {
	node := detailsNode{open: "[", close: "]"}
	for c.decoder.More() {
		if len(node.members) == maxDetailsMembers {
			if err := c.skipValue(); err != nil {
				return detailsNode{}, err
			}
			node.omitted++
			continue
		}
		element, err := c.value(fmt.Sprintf("%s[%d]", path, len(node.members)), depth)
		if err != nil {
			return detailsNode{}, err
		}
		node.members = append(node.members, detailsMember{node: element})
	}
	return node.whole(), c.expectClose()
}

// token reads the next token, where the end of the input is an error.
func (c *detailsCleaner) token() (json.Token, error) {
	token, err := c.decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return token, err
}

// expectClose reads the end of an object or array.
func (c *detailsCleaner) expectClose() error {
	_, err := c.token()
	return err
}

// skipValue reads over one value.
func (c *detailsCleaner) skipValue() error {
	token, err := c.token()
	if _, isContainer := token.(json.Delim); isContainer && err == nil {
		return c.skipToClose()
	}
	return err
}

// skipToClose reads over the rest of a container whose beginning was read. It does not recurse: what nests too deep for us may nest very
// deep.
func (c *detailsCleaner) skipToClose() error {
	for open := 1; open > 0; {
		token, err := c.token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
	return nil
}

// uniqueKey returns a key cleaned and distinguished from those already used.
func (c *detailsCleaner) uniqueKey(raw string, used map[string]bool) string {
	key := auditlog.Text(raw).Clean()
	if c.isCredential(raw) {
		key = maskedValue
	}
	return unique(key, used)
}

// unique returns a name distinguished from those already used, and uses it.
func unique(name string, used map[string]bool) string {
	numbered := name
	for n := 2; used[numbered]; n++ {
		numbered = fmt.Sprintf("%s (%d)", name, n)
	}
	used[numbered] = true
	return numbered
}

// mask returns what stands for a secret value and notes its path. What can be no secret stays.
func (c *detailsCleaner) mask(path string, node detailsNode) detailsNode {
	if node.isHarmless || node.isMasked {
		return node
	}
	if path == "" {
		path = "$"
	}
	c.paths = append(c.paths, path)
	return detailsNode{text: quoteJSON(maskedValue), raw: node.raw, source: node.source, isMasked: true}
}

// maskedPaths returns the paths of masked values, bounded.
func (c *detailsCleaner) maskedPaths() []string {
	if len(c.paths) <= maxMaskedPaths {
		return c.paths
	}
	kept := maxMaskedPaths - 1
	return append(c.paths[:kept:kept], fmt.Sprintf("and %d more", len(c.paths)-kept))
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// quoteJSON writes a cleaned text as JSON.
func quoteJSON(s string) string {
	quoted, _ := auditlog.PlainJSON(s) // strings do not fail
	return string(quoted)
}

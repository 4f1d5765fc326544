package auditlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDetailsChars is the most characters that CleanDetails returns.
	maxDetailsChars = 6000
	// maxDetailsDepth is how deep objects and arrays may nest.
	maxDetailsDepth = 12
	// maxDetailsMembers is the most members kept of one object or array.
	maxDetailsMembers = 200
	// maxMaskedPaths is the most paths that CleanDetails lists.
	maxMaskedPaths = 20

	maskedValue  = "[masked]"
	tooDeepValue = "[too deep]"
	tooLongValue = "[too long]"
	// moreKey is the key under which an object says how many members were left out.
	moreKey = "…"
)

// CleanDetails makes a raw JSON value of others' making, of any shape, fit for a
// model. It returns compact JSON of at most 6,000 characters with the members in
// their original order and numbers exact:
//
//   - strings and keys are cleaned as [Text]; keys that become equal get a suffix;
//   - what looks like a credential, by its key or by itself, becomes "[masked]";
//     for events about variables so do the variables' values. null, booleans and
//     the empty string stay, since they tell no secret;
//   - what nests too deep or is too much is left out, and says so in its place.
//
// masked lists the paths of masked values, such as headers.cookie or items[0].secret,
// or $ for the whole; of more than 20 the last element says how many more there
// are. event is the entry's event. Only what is not one JSON value is an error,
// which wraps the decoder's.
func CleanDetails(raw json.RawMessage, event Text) (cleaned json.RawMessage, masked []string, err error) {
	cleaner := newDetailsCleaner(raw, event)
	root, err := cleaner.read()
	if err != nil {
		return nil, nil, err
	}
	text, ok := root.render(maxDetailsChars)
	if !ok {
		text = quoteJSON(tooLongValue)
	}
	return json.RawMessage(text), cleaner.maskedPaths(), nil
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

// detailsCleaner reads a JSON value token by token, so that order and numbers
// stay, into cleaned nodes.
type detailsCleaner struct {
	source  json.RawMessage
	decoder *json.Decoder
	event   Text
	// ofVariable tells that the entry is about variables, whose values are secret.
	ofVariable bool
	// paths are those of masked values, in the order of reading.
	paths []string
}

func newDetailsCleaner(raw json.RawMessage, event Text) *detailsCleaner {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return &detailsCleaner{source: raw, decoder: decoder, event: event, ofVariable: strings.Contains(Fold(string(event)), "variable")}
}

// read reads the whole.
func (c *detailsCleaner) read() (detailsNode, error) {
	root, err := c.value("", 0)
	if err == nil {
		err = expectEnd(c.decoder)
	}
	if err != nil {
		return detailsNode{}, fmt.Errorf("details are not valid JSON: %w", err)
	}
	return root, nil
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
			return scalar(quoteJSON(tooDeepValue)), c.skipToClose()
		case v == '{':
			return c.object(path, depth+1)
		default:
			return c.array(path, depth+1)
		}
	case string:
		node := scalar(quoteJSON(Text(v).Clean()))
		node.raw = v
		if c.isCredential(v) {
			node = c.mask(path, node)
		}
		node.isHarmless = v == ""
		return node, nil
	case json.Number:
		return scalar(v.String()), nil
	case bool:
		node := scalar(strconv.FormatBool(v))
		node.isHarmless = true
		return node, nil
	default:
		node := scalar("null")
		node.isHarmless = true
		return node, nil
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
			if err := c.skipValue(); err != nil {
				return detailsNode{}, err
			}
			node.omitted++
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
	return node.measured(), c.expectClose()
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
	return node.measured(), c.expectClose()
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

// skipToClose reads over the rest of a container whose beginning was read. It does
// not recurse: what nests too deep for us may nest very deep.
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

// uniqueKey returns a key cleaned and told apart from those already used.
func (c *detailsCleaner) uniqueKey(raw string, used map[string]bool) string {
	key := Text(raw).Clean()
	if c.isCredential(raw) {
		key = maskedValue
	}
	unique := key
	for n := 2; used[unique]; n++ {
		unique = fmt.Sprintf("%s (%d)", key, n)
	}
	used[unique] = true
	return unique
}

// mask returns what stands for a secret value and notes its path. What can tell
// no secret stays.
func (c *detailsCleaner) mask(path string, node detailsNode) detailsNode {
	if node.isHarmless || node.isMasked {
		return node
	}
	if path == "" {
		path = "$"
	}
	c.paths = append(c.paths, path)
	masked := scalar(quoteJSON(maskedValue))
	masked.isMasked = true
	masked.raw, masked.source = node.raw, node.source
	return masked
}

// maskedPaths returns the paths of masked values, bounded.
func (c *detailsCleaner) maskedPaths() []string {
	if len(c.paths) <= maxMaskedPaths {
		return c.paths
	}
	kept := maxMaskedPaths - 1
	return append(c.paths[:kept:kept], fmt.Sprintf("and %d more", len(c.paths)-kept))
}

// credential matches, anywhere in a text, what is a credential whatever its key:
// authorization headers, PEM private keys, JSON web tokens, URLs with user and
// password or with a secret parameter.
var credential = regexp.MustCompile(`(?i:\bbearer\s+\S{6,})` +
	`|(?i:\bbasic\s+[a-z0-9+/_-]{6,}=*(?:\s|$))` +
	`|-----BEGIN [A-Z0-9 ]*PRIVATE KEY` +
	`|\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*` +
	`|(?i:\b[a-z][a-z0-9+.-]*://[^/?#\s:@]*:[^/?#\s@]+@)` +
	`|(?i:[?&](?:access_token|token|api_?key|client_secret|secret|password|signature)=[^&\s]+)`)

// isCredential tells whether a text is, or holds, a credential. A text that is
// JSON in itself is one if anything in it would be masked.
func (c *detailsCleaner) isCredential(s string) bool {
	// Cleaned, so that an escape sequence within does not hide it.
	clean := Text(s).CleanTo(len(s))
	if credential.MatchString(clean) {
		return true
	}
	if trimmed := strings.TrimSpace(s); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		_, masked, err := CleanDetails(json.RawMessage(trimmed), c.event)
		return err == nil && len(masked) > 0
	}
	return false
}

// plainKey folds a key and drops what is neither letter nor digit, so that
// api_key, API-Key and apiKey are one.
func plainKey(key string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, Fold(key))
}

// isTellingKey tells whether what stands under a plain key is secret.
func isTellingKey(plain string) bool {
	switch plain {
	case "key", "pwd", "pass", "auth", "signature":
		return true
	}
	for _, word := range []string{
		"password", "passwd", "passphrase", "secret", "token", "apikey", "authorization", "credential",
		"privatekey", "accesskey", "cookie", "sessionid", "bearer",
	} {
		if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}

// isValueKey tells whether a plain key holds the value of something that is named
// elsewhere, or one side of its change.
func isValueKey(plain string) bool {
	switch plain {
	case "value", "values", "oldvalue", "newvalue", "from", "to", "previous", "current",
		"old", "new", "before", "after":
		return true
	}
	return false
}

// isNameKey tells whether a plain key says what the values beside it are.
func isNameKey(plain string) bool {
	switch plain {
	case "name", "key", "field", "header", "property", "path", "label":
		return true
	}
	return false
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// quoteJSON writes a cleaned text as JSON.
func quoteJSON(s string) string {
	quoted, _ := PlainJSON(s) // strings do not fail
	return string(quoted)
}

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

// render writes the node as JSON of at most budget characters, leaving out
// trailing members where the whole is longer. ok is false if not even that fits.
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

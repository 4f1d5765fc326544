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
//   - what is a secret by its key, by what stands beside it or by itself becomes "[masked]", in a text only that part of it; for events
//     about variables so does everything but fields such as name and type. null, booleans and the empty string stay, as no secrets;
//   - what nests too deep or is too much is left out, and says so in its place.
//
// masked lists the paths of masked values, such as headers.cookie or items[0].secret, or $ for the whole; of more than 20 the last element
// says how many more there are. event is the entry's event. Only what is not one JSON value is an error, which wraps the decoder's.
func Details(raw json.RawMessage, event auditlog.Text) (cleaned json.RawMessage, masked []string, err error) {
	root, judged, err := readDetails(raw, event)
	if err != nil {
		return nil, nil, err
	}
	return root.shown(maxDetailsChars), judged.maskedPaths(), nil
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

// detailsParser reads a JSON value token by token, so that order and numbers stay, into nodes.
type detailsParser struct {
	source  json.RawMessage
	decoder *json.Decoder
}

// readDetails reads the whole of some details and judges it.
func readDetails(raw json.RawMessage, event auditlog.Text) (detailsNode, *judge, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	c := &detailsParser{source: raw, decoder: decoder}
	root, err := c.value(0)
	if err == nil {
		err = expectEnd(decoder)
	}
	if err != nil {
		return detailsNode{}, nil, fmt.Errorf("details are not valid JSON: %w", err)
	}
	j := &judge{event: event}
	j.details(&root)
	return root, j, nil
}

// value reads the next value; depth counts the containers around it.
func (c *detailsParser) value(depth int) (detailsNode, error) {
	begin := c.decoder.InputOffset()
	node, err := c.parse(depth)
	if err == nil {
		// What stands before the value is what parts it from the last token.
		node.source = bytes.TrimLeft(c.source[begin:c.decoder.InputOffset()], ":, \t\r\n")
	}
	return node, err
}

func (c *detailsParser) parse(depth int) (detailsNode, error) {
	token, err := c.token()
	if err != nil {
		return detailsNode{}, err
	}
	switch v := token.(type) {
	case json.Delim:
		switch {
		case depth == maxDetailsDepth:
			return detailsNode{text: quoteJSON(tooDeepValue), isHidden: true}, c.skipToClose()
		case v == '{':
			return c.container("{", "}", depth+1)
		default:
			return c.container("[", "]", depth+1)
		}
	case string:
		return detailsNode{raw: v, isText: true, isHarmless: v == ""}, nil
	case json.Number:
		return detailsNode{text: v.String()}, nil
	case bool:
		return detailsNode{text: strconv.FormatBool(v), isHarmless: true}, nil
	default:
		return detailsNode{text: "null", isHarmless: true}, nil
	}
}

// container reads the members of an object or the elements of an array after its opening bracket.
func (c *detailsParser) container(opening, closing string, depth int) (detailsNode, error) {
	node := detailsNode{open: opening, close: closing}
	for c.decoder.More() {
		var member detailsMember
		if opening == "{" {
			token, err := c.token()
			if err != nil {
				return detailsNode{}, err
			}
			member.raw, _ = token.(string) // keys are strings, or Token fails
		}
		if len(node.members) == maxDetailsMembers {
			node.omitted++
			if err := c.skipValue(); err != nil {
				return detailsNode{}, err
			}
			continue
		}
		var err error
		if member.node, err = c.value(depth); err != nil {
			return detailsNode{}, err
		}
		node.members = append(node.members, member)
	}
	_, err := c.token() // the closing bracket
	return node, err
}

// token reads the next token, where the end of the input is an error.
func (c *detailsParser) token() (json.Token, error) {
	token, err := c.decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return token, err
}

// skipValue reads over one value.
func (c *detailsParser) skipValue() error {
	token, err := c.token()
	if _, isContainer := token.(json.Delim); isContainer && err == nil {
		return c.skipToClose()
	}
	return err
}

// skipToClose reads over the rest of a container whose beginning was read. It does not recurse: what nests too deep for us may nest very
// deep.
func (c *detailsParser) skipToClose() error {
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

// quoteJSON writes a cleaned text as JSON.
func quoteJSON(s string) string {
	quoted, _ := auditlog.PlainJSON(s) // strings do not fail
	return string(quoted)
}

package setup

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// format is a syntax of configuration files. Texts have no byte order mark.
type format interface {
	// decode reads a text; one that holds nothing has no contents.
	decode(text string) (contents, error)
	// insert returns the text with an addition that fits and is not there.
	insert(text string, a addition) (string, error)
	// remove returns the text without what stands in an addition's place.
	remove(text string, a addition) (string, error)
	// called is what the format is called in errors.
	called() string
}

// document is a text that was understood.
type document struct {
	format   format
	text     string
	contents contents
}

// errByHand is what is left where an edit cannot be proved.
var errByHand = errors.New("it is written in a way that cannot be edited without risk")

const byteOrderMark = "\ufeff"

func read(format format, text string) (document, error) {
	if !utf8.ValidString(text) {
		return document{}, errors.New("it is no text in UTF-8")
	}
	held, err := format.decode(strings.TrimPrefix(text, byteOrderMark))
	if err != nil {
		return document{}, fmt.Errorf("it cannot be read as %s: %w", format.called(), err)
	}
	return document{format, text, held}, nil
}

// shallow refuses brackets within brackets that would cost a parser all memory. The text is without what only quotes brackets, where that
// is told apart.
func shallow(text string) error {
	const deepest = 1000
	depth := 0
	for _, c := range []byte(text) {
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth > deepest {
			return fmt.Errorf("its brackets are more than %d deep", deepest)
		}
	}
	return nil
}

func (d document) with(a addition) (document, error) {
	if err := d.contents.fits(a); err != nil {
		return document{}, err
	}
	return d.edited(a, d.contents.with(a), d.format.insert)
}

func (d document) without(a addition) (document, error) {
	return d.edited(a, d.contents.without(a), d.format.remove)
}

// edited proves that an edit did what it should and nothing else.
func (d document) edited(a addition, want contents, edit func(string, addition) (string, error)) (document, error) {
	body, mark := strings.CutPrefix(d.text, byteOrderMark)
	text, err := edit(body, a)
	if err != nil {
		return document{}, err
	}
	if mark {
		text = byteOrderMark + text
	}
	changed, err := read(d.format, text)
	if err != nil || !reflect.DeepEqual(changed.contents.tidy(a), want.tidy(a)) {
		return document{}, errByHand
	}
	return changed, nil
}

// newline is how a text ends its lines.
func newline(text string) string {
	if strings.Contains(text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// splice is a piece of text that takes the place of another.
type splice struct {
	from, to int
	text     string
}

// spliced applies splices that are in order.
func spliced(text string, splices ...splice) string {
	var changed strings.Builder
	at := 0
	for _, s := range splices {
		changed.WriteString(text[at:s.from] + s.text)
		at = s.to
	}
	changed.WriteString(text[at:])
	return changed.String()
}

const blanks = " \t\r\n"

// Package markup writes HTML element by element. Whatever is given as text or as an attribute's value is only ever that: nothing in it
// becomes markup. It is no template language, which would cost the program 3 MB.
package markup

import (
	"bytes"
	"strings"
)

// Writer writes a document. The zero value is ready to use.
type Writer struct {
	out  bytes.Buffer
	open []string // elements that have begun and not ended
}

// Begin begins an element. Attributes are names and values by turns; one whose value is empty is left out.
func (w *Writer) Begin(name string, attributes ...string) {
	w.tag(name, attributes)
	w.open = append(w.open, name)
}

// Void writes an element that can have no content.
func (w *Writer) Void(name string, attributes ...string) { w.tag(name, attributes) }

func (w *Writer) tag(name string, attributes []string) {
	w.out.WriteByte('<')
	w.out.WriteString(name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		w.out.WriteByte(' ')
		w.out.WriteString(attributes[i])
		w.out.WriteString(`="`)
		escape(&w.out, attributes[i+1], true)
		w.out.WriteByte('"')
	}
	w.out.WriteByte('>')
}

// End ends the element that began last.
func (w *Writer) End() {
	last := len(w.open) - 1
	w.out.WriteString("</" + w.open[last] + ">")
	w.open = w.open[:last]
}

// Text writes text.
func (w *Writer) Text(text string) { escape(&w.out, text, false) }

// Element writes an element that holds nothing but text.
func (w *Writer) Element(name, text string, attributes ...string) {
	w.Begin(name, attributes...)
	w.Text(text)
	w.End()
}

// Name writes a name that somebody else chose: it cannot turn the direction of what stands around it.
func (w *Writer) Name(name string) { w.Element("bdi", name) }

// Line ends a line, which readers of the source are thankful for.
func (w *Writer) Line() { w.out.WriteByte('\n') }

// Style writes a stylesheet of our own. It panics at what would end it.
func (w *Writer) Style(sheet string) {
	if strings.Contains(sheet, "</") {
		panic("markup: a stylesheet that ends its element")
	}
	w.out.WriteString("<style>" + sheet + "</style>")
}

// Doctype begins a document.
func (w *Writer) Doctype() { w.out.WriteString("<!doctype html>\n") }

// Bytes returns what was written. It panics where an element has not ended.
func (w *Writer) Bytes() []byte {
	if len(w.open) > 0 {
		panic("markup: not ended: " + strings.Join(w.open, ", "))
	}
	return w.out.Bytes()
}

// escape writes text so that it stays text. Browsers write their documents the same way.
func escape(out *bytes.Buffer, text string, inAttribute bool) {
	begin := 0
	for i := range len(text) {
		var entity string
		switch text[i] {
		case '&':
			entity = "&amp;"
		case '<':
			entity = "&lt;"
		case '>':
			entity = "&gt;"
		case '"':
			if !inAttribute {
				continue
			}
			entity = "&quot;"
		default:
			continue
		}
		out.WriteString(text[begin:i])
		out.WriteString(entity)
		begin = i + 1
	}
	out.WriteString(text[begin:])
}

package markup_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/markup"
)

func TestADocumentIsWrittenAsItIsTold(t *testing.T) {
	t.Parallel()
	var w markup.Writer
	w.Doctype()
	w.Begin("p", "class", "a", "id", "")
	w.Text("1 < 2 & \"so\"")
	w.Void("br")
	w.Name("x>y")
	w.End()
	w.Line()
	w.Style("p > a { color: red }")
	assert.Equal(t, "<!doctype html>\n"+`<p class="a">1 &lt; 2 &amp; "so"<br><bdi>x&gt;y</bdi></p>`+"\n<style>p > a { color: red }</style>",
		string(w.Bytes()))
}

func TestMistakesInTheMarkupPanic(t *testing.T) {
	t.Parallel()
	var w markup.Writer
	assert.Panics(t, func() { w.Style("</style><script>") })
	w.Begin("p")
	assert.Panics(t, func() { w.Bytes() }, "an element has not ended")
}

// FuzzTextStaysText reads back what was written: whatever the text is, there is one element, with one attribute and that text.
func FuzzTextStaysText(f *testing.F) {
	for _, seed := range []string{"", `<img src=x onerror="alert(1)">`, `"'><script>`, "&lt;", "]]>", "<!--", "\u202e\u0000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		isXML := utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
			return r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff
		})
		if !isXML || text == "" || strings.Contains(text, "]]>") { // XML alone minds
			return
		}
		var w markup.Writer
		w.Element("p", text, "title", text)
		decoder := xml.NewDecoder(strings.NewReader(string(w.Bytes())))
		token, err := decoder.Token()
		require.NoError(t, err)
		begin, isBegin := token.(xml.StartElement)
		require.True(t, isBegin)
		require.Len(t, begin.Attr, 1)
		assert.Equal(t, text, begin.Attr[0].Value)
		token, err = decoder.Token()
		require.NoError(t, err)
		content, isText := token.(xml.CharData)
		require.True(t, isText)
		assert.Equal(t, text, string(content))
		_, err = decoder.Token()
		require.NoError(t, err)
		_, err = decoder.Token()
		assert.ErrorIs(t, err, io.EOF)
	})
}

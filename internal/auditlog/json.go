package auditlog

import (
	"bytes"
	"encoding/json"
	"io"
)

// PlainEncoder returns an encoder that writes values as JSON, one a line, with <, > and & as they are: escapes for HTML
// would only cost a model tokens.
func PlainEncoder(to io.Writer) *json.Encoder {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	return encoder
}

// PlainJSON returns one value as a [PlainEncoder] writes it, without the line's end.
func PlainJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	err := PlainEncoder(&out).Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

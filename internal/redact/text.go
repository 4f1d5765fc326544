package redact

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

const (
	// maxScanned is how many bytes of a text are looked at; what is behind is not shown either.
	maxScanned = 2048
	// maxScannedInAll is how many bytes of one entry's details are, many times what is shown of them.
	maxScannedInAll = 64 << 10
	// maxEmbedded is how many values of JSON are looked for in a text.
	maxEmbedded = 4
)

// span is a part of a text that is secret.
type span struct{ begin, end int }

// scanners find what of a text is secret, each in a form of its own. isID says that an id or a hash is expected there.
func scanners(isID bool) []func(text string) []span {
	return []func(string) []span{
		privateKeys, tableSecrets, markupSecrets, pairSecrets, callSecrets, commandSecrets, handedSecrets, spokenSecrets,
		func(text string) []span {
			return append(addressSecrets(text, isID), tokenSecrets(text, isID)...)
		},
	}
}

// maskText returns a text with its secrets masked, and whether it had any. What it has within, JSON above all, is masked by the same
// rules as the details themselves.
func (j *judge) maskText(raw string, isID bool) (masked string, found bool) {
	if isASCII(raw) && !strings.ContainsAny(raw, " \t\r\n:=@/<{[%&\\\x1b") && isWordy(raw) {
		return raw, false // most keys and many values
	}
	text := scannable(raw)
	j.scanned += len(text)
	if whole, had := j.maskJSON(text); had {
		text, found = whole, true
	}
	masked = maskSpans(text, isID)
	found = found || masked != text
	// Escapes of other languages may hide the signs that secrets are found by.
	for _, decoded := range []string{html.UnescapeString(masked), percentDecoded(masked), strings.ReplaceAll(masked, `\u0022`, `"`),
		strings.ReplaceAll(masked, `\/`, `/`)} {
		if decoded != masked && maskSpans(decoded, isID) != decoded {
			return maskedValue, true
		}
	}
	if !found {
		return raw, false
	}
	return masked, true
}

// scannable is a text as secrets are looked for in it: cleaned, so that no escape sequence hides them, but with its lines and columns,
// and bounded.
func scannable(raw string) string {
	cut := ""
	if len(raw) > maxScanned {
		raw, cut = strings.ToValidUTF8(raw[:maxScanned], ""), "…"
	}
	var text strings.Builder
	for part := range strings.SplitAfterSeq(raw, "\n") {
		for cell := range strings.SplitAfterSeq(part, "\t") {
			inside := strings.TrimRight(cell, "\n\t")
			text.WriteString(auditlog.Text(inside).VisibleTo(len(inside)) + cell[len(inside):])
		}
	}
	return text.String() + cut
}

func percentDecoded(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// maskSpans masks what the scanners find.
func maskSpans(text string, isID bool) string {
	var spans []span
	for _, scan := range scanners(isID) {
		spans = append(spans, scan(text)...)
	}
	order.By(spans, func(a, b span) int { return a.begin - b.begin })
	var out strings.Builder
	end := 0
	for _, s := range spans {
		if s.end <= end || isNoSecret(text[s.begin:s.end]) {
			continue
		}
		if s.begin >= end {
			out.WriteString(text[end:s.begin] + maskedValue)
		}
		end = s.end
	}
	return out.String() + text[end:]
}

// isNoSecret reports whether what stands in a secret's place says that there is none, or is masked already.
func isNoSecret(value string) bool {
	switch strings.ToLower(strings.Trim(value, " \t\r\n\"'`,;")) {
	case "", "null", "nil", "none", "true", "false", "undefined", "yes", "no", "[masked]", "[redacted]", "[filtered]", "<redacted>":
		return true
	}
	return strings.Trim(value, "*• ") == ""
}

// maskJSON masks what is secret in the JSON that a text is, or has in it.
func (j *judge) maskJSON(text string) (masked string, found bool) {
	var out strings.Builder
	rest := text
	for range maxEmbedded {
		begin := strings.IndexAny(rest, "{[")
		if begin < 0 {
			break
		}
		var value json.RawMessage
		decoder := json.NewDecoder(strings.NewReader(rest[begin:]))
		end := begin + 1
		if decoder.Decode(&value) == nil {
			end = begin + int(decoder.InputOffset())
			if cleaned, paths, err := Details(value, j.event); err == nil && len(paths) > 0 {
				out.WriteString(rest[:begin] + string(cleaned))
				rest, found = rest[end:], true
				continue
			}
		}
		out.WriteString(rest[:end])
		rest = rest[end:]
	}
	return out.String() + rest, found
}

// privateKeys finds PEM blocks of private keys, whole or cut, and what is private in PuTTY's.
func privateKeys(text string) []span {
	var found []span
	if begin := strings.Index(text, "Private-Lines:"); begin >= 0 {
		found = append(found, span{begin, len(text)})
	}
	for from := 0; ; {
		const head, tail = "-----BEGIN ", "-----END "
		begin := strings.Index(text[from:], head)
		if begin < 0 {
			return found
		}
		begin += from
		end := len(text)
		if at := strings.Index(text[begin:], tail); at >= 0 {
			end = begin + at + len(tail)
			if line := strings.Index(text[end:], "-----"); line >= 0 {
				end += line + len("-----")
			}
		}
		if label := text[begin+len(head) : min(end, begin+len(head)+40)]; strings.Contains(label, "PRIVATE KEY") {
			found = append(found, span{begin, end})
		}
		from = end
	}
}

// isTellingText reports whether a text as a whole is the name of a secret, as a key of its own would be.
func isTellingText(text string) bool { return tellingOf(text) >= closed }

// tellingOf is how what a text as a whole is the name of may be shown.
func tellingOf(text string) mode {
	const longest, mostWords = 64, 5
	if text == "" || len(text) > longest || strings.ContainsAny(text, "{}\"'`=:<>(),;@!?") || strings.Count(text, " ") >= mostWords {
		return open
	}
	if verdict := judgeKey(wordsOf(text), 0); verdict.atEnd {
		return verdict.mode
	}
	return open
}

// fieldsOf are the places of what white space parts.
func fieldsOf(text string) []span {
	var fields []span
	begin := -1
	for i := 0; i <= len(text); i++ {
		switch isSpace := i == len(text) || strings.IndexByte(" \t\r\n", text[i]) >= 0; {
		case isSpace && begin >= 0:
			fields, begin = append(fields, span{begin, i}), -1
		case !isSpace && begin < 0:
			begin = i
		}
	}
	return fields
}

// trimmed is a span without the signs at its ends.
func trimmed(text string, s span, signs string) span {
	part := text[s.begin:s.end]
	s.begin += len(part) - len(strings.TrimLeft(part, signs))
	s.end = s.begin + len(strings.Trim(part, signs))
	return s
}

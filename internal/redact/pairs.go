package redact

import "strings"

const (
	quotes = "\"'`"
	// maxKeyBytes bounds what is looked at before a colon or an equal sign.
	maxKeyBytes = 64
)

// pairSecrets finds the values of pairs whose name tells of a secret, however they are written: JSON of any quoting, forms, queries,
// headers, connection strings, YAML, settings of a shell. In {'name':'password','value':'…'} and its like the name is a value itself.
func pairSecrets(text string) []span {
	var found, values []span // values: those of the group that may yet be named
	named := false
	group := map[string]bool{} // keys of the pairs that belong together; none comes twice
	endGroup := func() {
		values, named = nil, false
		clear(group)
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '}', '>':
			endGroup()
			continue
		case ':', '=':
		default:
			if !strings.HasPrefix(text[i:], "：") && !strings.HasPrefix(text[i:], "＝") {
				continue
			}
		}
		key, opener := keyBefore(text, i)
		if key == "" || strings.HasPrefix(text[i:], "://") {
			continue
		}
		verdict := judgePairKey(key)
		if verdict.isKey { // or the key of something, as programs have it
			verdict.mode = min(verdict.mode, wary)
		}
		value := valueAfter(text, i, opener, verdict.mode > open || verdict.isValue)
		if value.begin == value.end {
			continue
		}
		if key = strings.Trim(key, "- "); group[key] {
			endGroup()
		}
		group[key] = true
		content := strings.Trim(text[value.begin:value.end], quotes+`\ `)
		switch {
		case verdict.mode >= closed && opener == 0 && text[value.begin-1] == ':' && isPlain(content): // token:read
		case verdict.mode >= closed, verdict.mode == wary && !isPlain(content),
			named && verdict.isValue:
			if isTellingText(content) && strings.HasPrefix(text[value.end:], " ") { // Authorization=Bearer …
				value.end += len(" ") + bareEnd(text[value.end+len(" "):], false, opener)
			}
			found = append(found, value)
			i = value.end - 1
			if next := behindArrow(text, value.end); next.begin < next.end {
				found = append(found, next)
			}
		case isTellingText(content):
			found, values, named = append(found, values...), nil, true
			i = value.end - 1
		case verdict.isValue:
			values = append(values, value)
		}
	}
	return found
}

// behindArrow is what a value is changed to, as in password: a → b.
func behindArrow(text string, end int) span {
	rest := strings.TrimLeft(text[end:], quotes+" ")
	for _, arrow := range []string{"→", "->", "=>", "⇒"} {
		if to, has := strings.CutPrefix(rest, arrow); has {
			fields := fieldsOf(to[:min(len(to), 2*maxKeyBytes)])
			if len(fields) == 0 {
				break
			}
			begin := len(text) - len(to)
			return trimmed(text, span{begin + fields[0].begin, begin + fields[0].end}, quotes)
		}
	}
	return span{end, end}
}

// judgePairKey judges what stands before a colon or an equal sign: all of it, as a name of several words, or only the last word.
func judgePairKey(key string) keyVerdict {
	verdict := judgeKey(wordsOf(key), 0)
	space := strings.LastIndexAny(key, " ")
	if space < 0 || verdict.isAbout || verdict.isIdentifier || verdict.mode >= closed && verdict.atEnd {
		return verdict
	}
	return judgeKey(wordsOf(key[space+1:]), 0)
}

// keyBefore returns the key that ends before a separator, and what opened the pair: a bracket, the delimiter before it, or the quote that
// the whole pair is in; 0 for none.
func keyBefore(text string, separator int) (key string, opener byte) {
	head := strings.TrimRight(text[max(0, separator-maxKeyBytes):separator], " \t])") // of os.environ['API_KEY'] too
	if head == "" {
		return "", 0
	}
	if quote := head[len(head)-1]; strings.IndexByte(quotes, quote) >= 0 {
		head = strings.TrimRight(head[:len(head)-1], `\`)
		begin := strings.LastIndexByte(head, quote)
		if begin < 0 {
			return "", 0
		}
		return head[begin+1:], openerIn(strings.TrimRight(head[:begin], `\`), true)
	}
	begin := len(head)
	for begin > 0 && strings.IndexByte("{}(),;&?<>|\n#/$"+quotes+`\`, head[begin-1]) < 0 {
		begin--
	}
	// Behind another pair's sign stands its value, and behind that this key.
	if at := strings.LastIndexAny(head[begin:], ":="); at >= 0 {
		rest := head[begin+at+1:]
		space := strings.IndexAny(rest, " \t")
		if space < 0 {
			return rest, ' '
		}
		return strings.TrimSpace(rest[space:]), ' '
	}
	return strings.TrimSpace(head[begin:]), openerIn(head[:begin], false)
}

// openerIn is the sign that a key is opened by, which stands at the end of what is before it.
func openerIn(before string, quoted bool) byte {
	before = strings.TrimRight(before, " \t")
	if before == "" {
		if quoted {
			return ','
		}
		return 0
	}
	return before[len(before)-1]
}

// valueAfter returns the place of the value behind a separator. What opened the pair tells where it ends. An object or array is one only
// where all of it is wanted, else the pairs in it are.
func valueAfter(text string, separator int, opener byte, isWhole bool) span {
	begin := separator + 1
	for begin < len(text) && (text[begin] >= 0x80 && begin < separator+3 && strings.HasPrefix(text[separator:], "：")) {
		begin++
	}
	if begin < len(text) && strings.IndexByte("=>", text[begin]) >= 0 {
		begin++ // :=, =>
	}
	if decorated := strings.TrimLeft(text[begin:], "*_"); strings.HasPrefix(decorated, " ") { // **Password:** …
		begin = len(text) - len(decorated)
	} else if tag, rest, has := strings.Cut(text[begin:], ">"); has && strings.HasPrefix(tag, "</") {
		begin = len(text) - len(rest)
	}
	begin += len(text[begin:]) - len(strings.TrimLeft(text[begin:], " \t"))
	if rest := strings.TrimLeft(text[begin:], "|>- "); strings.HasPrefix(rest, "\n ") || strings.HasPrefix(rest, "\n- ") {
		begin = len(text) - len(strings.TrimLeft(rest, "\n -")) // on the next line, as YAML may have it
	}
	rest := text[begin:]
	if !isWhole {
		rest = rest[:min(len(rest), 2*maxKeyBytes)]
	}
	if rest == "" {
		return span{begin, begin}
	}
	if slashes := len(rest) - len(strings.TrimLeft(rest, `\`)); slashes < len(rest) && strings.IndexByte(quotes, rest[slashes]) >= 0 {
		return span{begin + slashes + 1, begin + closingQuote(rest, slashes)}
	}
	if strings.HasPrefix(rest, maskedValue) {
		return span{begin, begin + len(maskedValue)}
	}
	if strings.IndexByte("{[(", rest[0]) >= 0 {
		if !isWhole {
			return span{begin, begin}
		}
		return span{begin, begin + closingBracket(rest)}
	}
	isHeader := text[separator] != '=' && begin > separator+1
	return span{begin, begin + bareEnd(rest, isHeader, opener)}
}

// closingQuote returns where a quoted text ends, which begins with some backslashes and a quote: at the next one behind no more of them.
func closingQuote(text string, slashes int) int {
	quote := text[slashes]
	for i := slashes + 1; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		before := text[slashes+1 : i]
		if had := len(before) - len(strings.TrimRight(before, `\`)); had <= slashes {
			return i - had
		}
	}
	return len(text)
}

// closingBracket returns where the bracket is closed that text begins with.
func closingBracket(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// bareEnd returns where a value without quotes ends. A header's goes to the end of the line; others end before the next pair.
func bareEnd(text string, isHeader bool, opener byte) int {
	line := text
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		line = text[:end]
	}
	_, more, _ := strings.Cut(line, ";")
	hasSpaces := isHeader || opener == ';' || opener == 0 && beginsPair(more)
	for i := range len(line) {
		switch c := line[i]; {
		case strings.IndexByte(quotes, c) >= 0 && (c == opener || i > 0 && opener != 0):
			return i
		case strings.IndexByte(" \t", c) >= 0 && !hasSpaces, c == '<':
			return i
		case strings.IndexByte("&;,", c) >= 0 && (c == opener || !isHeader) && (beginsPair(line[i+1:]) || i == len(line)-1),
			c == ',' && (opener == '{' || opener == ',' || opener == '(' || opener == '['),
			c == '}' && (opener == '{' || opener == ','), c == ')' && opener == '(', c == ']' && opener == '[',
			c == '#' && (opener == '?' || opener == '&'), c == '@' && opener == '/':
			return i
		}
	}
	return len(line)
}

// beginsPair reports whether a text begins with a name and a separator.
func beginsPair(text string) bool {
	text = strings.TrimLeft(text, " ")
	name := strings.IndexAny(text, ":=")
	return name > 0 && name <= maxKeyBytes && !strings.ContainsAny(text[:name], "&;,?\n\"'")
}

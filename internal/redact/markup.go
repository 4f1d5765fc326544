package redact

import "strings"

// markupSecrets finds the contents of XML elements whose name tells of a secret, or those that an attribute or the element before names.
func markupSecrets(text string) []span {
	var found []span
	named := false // by the element before
	for i := 0; i < len(text); i++ {
		if text[i] != '<' || i+1 == len(text) || text[i+1] == '/' {
			continue
		}
		length := strings.IndexByte(text[i:], '>')
		if length < 0 {
			return found
		}
		tag := text[i+1 : i+length]
		begin := i + length + 1
		end := len(text)
		if at := strings.Index(text[begin:], "</"); at >= 0 {
			end = begin + at
		}
		content := text[begin:end]
		name, attributes, _ := strings.Cut(tag, " ")
		_, local, isPrefixed := strings.Cut(name, ":")
		if !isPrefixed {
			local = name
		}
		switch {
		case strings.HasSuffix(tag, "/"), strings.HasPrefix(tag, "!"), strings.HasPrefix(tag, "?"):
		case isTellingText(local) && !isTellingText(content), named, hasTellingValue(attributes):
			named = strings.HasPrefix(strings.TrimSpace(content), "<") && !strings.Contains(content, "CDATA") // by the element around
			if !named {
				found = append(found, span{begin, end})
			}
		default:
			named = headMode(strings.TrimSpace(content)) >= closed
		}
		i = begin - 1
	}
	return found
}

// hasTellingValue reports whether an attribute's value names a secret.
func hasTellingValue(attributes string) bool {
	for i, part := range strings.FieldsFunc(attributes, func(r rune) bool { return r == '"' || r == '\'' }) {
		if i%2 == 1 && isTellingText(part) {
			return true
		}
	}
	return false
}

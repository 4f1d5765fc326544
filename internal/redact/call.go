package redact

import "strings"

// callSecrets finds what programs hand over beside or behind a name of a secret: setItem('token', '…'), .password("…").
func callSecrets(text string) []span {
	var found []span
	named := false
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(quotes, text[i]) < 0 {
			continue
		}
		length := strings.IndexByte(text[i+1:], text[i])
		if length < 0 {
			continue
		}
		literal, before := span{i + 1, i + 1 + length}, strings.TrimRight(text[:i], " ")
		content := text[literal.begin:literal.end]
		if call, isCall := strings.CutSuffix(before, "("); isCall {
			named = isTellingText(call[strings.LastIndexAny(call, " .;\n\t(")+1:])
		} else {
			named = named && strings.HasSuffix(before, ",")
		}
		if named && !isPlain(content) {
			found = append(found, literal)
		}
		named = isTellingText(content)
		i = literal.end
	}
	return found
}

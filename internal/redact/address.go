package redact

import (
	"slices"
	"strings"
)

// addressSecrets finds what is secret in URLs: who uses them, what they call at hooks, tokens in path, query and fragment.
func addressSecrets(text string, isID bool) []span {
	var found []span
	for _, field := range addressesIn(text) {
		scheme := strings.Index(text[field.begin:field.end], "://")
		begin := field.begin
		if scheme >= 0 {
			begin += scheme + len("://")
		} else if strings.HasPrefix(text[begin:field.end], "//") {
			begin += len("//")
		}
		if user := userEnd(text[begin:field.end]); user > 0 {
			name, password, has := strings.Cut(text[begin:begin+user], ":")
			if isHookHost(text[begin+user+1:field.end]) || scheme >= 0 && (has || !isPlain(name)) || has && !isPlain(password) {
				found = append(found, span{begin, begin + user})
			}
			begin += user + 1
		}
		found = append(found, pathSecrets(text, span{begin, field.end}, isID)...)
	}
	return found
}

// addressesIn finds URLs, with or without a scheme, and addresses of mail.
func addressesIn(text string) []span {
	var found []span
	isEnd := func(r rune) bool { return strings.ContainsRune(" \t\r\n<>|{}[]^\\,;()"+quotes, r) }
	for i := 0; i < len(text); {
		length := strings.IndexFunc(text[i:], isEnd)
		if length < 0 {
			length = len(text) - i
		}
		if part := text[i : i+length]; strings.ContainsAny(part, "/@") {
			begin := i
			// Behind a pair's name: url=https://…
			if scheme := strings.Index(part, "://"); scheme > 0 {
				begin = i + strings.LastIndexAny(part[:scheme], "=:") + 1
			}
			found = append(found, span{begin, i + length})
			inner := begin
			for range maxEmbedded { // those that it leads on to
				_, rest, has := strings.Cut(text[inner:i+length], "://")
				if !has {
					break
				}
				if inner = i + length - len(rest); inner > begin+len("https://") {
					found = append(found, span{inner - len("://"), i + length})
				}
			}
		}
		i += length + 1
	}
	return found
}

// userEnd returns where the user part of an address ends, 0 if it has none. Passwords may hold slashes, where nobody escaped them.
func userEnd(address string) int {
	authority := address
	if end := strings.IndexAny(address, "/?#"); end >= 0 {
		authority = address[:end]
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return at
	}
	if _, port, has := strings.Cut(authority, ":"); has && strings.Trim(port, "0123456789") != "" {
		return max(0, strings.LastIndexByte(address, '@'))
	}
	return 0
}

// isHookHost reports whether what is called at a host is a hook of Make, whose address is the secret.
func isHookHost(address string) bool {
	host, _, _ := strings.Cut(address, "/")
	labels := strings.Split(strings.ToLower(host), ".")
	return labels[0] == "hook" && (slices.Contains(labels, "make") || slices.Contains(labels, "integromat"))
}

// pathSecrets finds what is secret behind an address's host.
func pathSecrets(text string, address span, isID bool) []span {
	slash := strings.IndexAny(text[address.begin:address.end], "/?#")
	if slash < 0 {
		return nil
	}
	var found []span
	path := address.begin + slash
	host := strings.ToLower(text[address.begin:path])
	isHook := isHookHost(text[address.begin:address.end])
	isID = isID || strings.HasSuffix(host, ".google.com")
	isCalendar := strings.HasSuffix(text[address.begin:address.end], ".ics")
	isOfHooks := host == "hooks.slack.com" || strings.HasPrefix(host, "discord")
	leads := isHook || slices.ContainsFunc(strings.Split(host, "."), leadsToSecret)
	isQuery := false
	for begin := path + 1; begin <= address.end; {
		end := address.end
		if length := strings.IndexAny(text[begin:address.end], "/?#&"); length >= 0 && !isQuery {
			end = begin + length
		} else if length := strings.IndexAny(text[begin:address.end], "#&"); length >= 0 {
			end = begin + length
		}
		isQuery = isQuery || strings.IndexByte("?#", text[begin-1]) >= 0
		part := text[begin:end]
		name, value, isPair := strings.Cut(part, "=")
		switch {
		case isPair:
			if namesURLSecret(name, value) || leads && !isPlain(value) {
				found = append(found, span{begin + len(name) + 1, end})
			}
		case isHook && begin == path+1, leads && !isPlain(part), leads && isOfHooks && len(part) >= minFormatChars,
			strings.HasPrefix(part, "bot") && strings.Contains(part, ":"), isCalendar && strings.HasPrefix(part, "private-"):
			found = append(found, span{begin, end})
		case !isID && looksRandom(part, true):
			found = append(found, span{begin, end})
		}
		leads = leads || leadsToSecret(part)
		begin = end + 1
	}
	return found
}

// leadsToSecret reports whether what follows in a path, behind a part of this name, opens something: hooks, invitations, resets.
func leadsToSecret(part string) bool {
	const longest = 32
	if len(part) > longest {
		return false
	}
	words := wordsOf(part)
	return slices.ContainsFunc(words, func(word string) bool {
		switch singular(word) {
		case "hook", "webhook", "webhookb2", "reset", "invite", "invitation", "verify", "verification", "confirm", "confirmation",
			"activate", "activation", "magic", "unsubscribe", "mcp", "sse", "trigger", "workflow", "share", "shared", "u", "t":
			return true
		}
		return false
	}) || judgeKey(words, 0).mode >= closed
}

// namesURLSecret reports whether a parameter of a URL is a secret. Some names are ones only there.
func namesURLSecret(name, value string) bool {
	words := wordsOf(name)
	switch verdict := judgeKey(words, 0); {
	case verdict.mode >= closed:
		return true
	case verdict.mode == open && !(len(words) == 1 && slices.Contains([]string{"code", "state", "st", "k", "t", "h", "appid"}, words[0])):
		return false
	}
	return !isPlain(value)
}

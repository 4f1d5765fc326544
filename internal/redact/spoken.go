package redact

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// spokenSecrets finds what looks made up behind a word that tells of a secret, as in "Bearer …", "password is …", "key changed from … to
// …", or before it, as in "… is the password".
func spokenSecrets(text string) []span {
	const fewest, mostWords, longestWord = 6, 6, 16
	var found []span
	scheme, left := "", 0 // the word that told, and how many words behind it are looked at yet
	fields := fieldsOf(text)
	for i, field := range fields {
		word := wordAt(text, field)
		isNext := left == mostWords+1
		if left--; i > 0 && strings.Contains(text[fields[i-1].end:field.begin], "\n") {
			left = 0
			if isNext { // below the word, but only there
				left = 1
			}
		}
		value := trimmed(text, field, ",;.()\"'`")
		spoken := text[value.begin:value.end]
		isLong := len(spoken) >= fewest && !strings.Contains(spoken, "://")
		switch {
		case left > 0 && isLong && !isPlain(spoken), isNext && scheme == "basic" && isBasic(spoken),
			isNext && scheme == "bearer" && len(spoken) >= longestWord:
			found = append(found, value)
		case tellsAlone(word) || tellsWithOthers(text, fields[:i+1]):
			scheme, left = strings.ToLower(word), mostWords+1
			if before, has := saidBefore(text, fields[:i]); has && endsPhrase(text, fields[i:]) {
				found = append(found, before)
			}
		case isNext && isAbout(word) && !isChange(word): // a password's policy
			left = 0
		}
	}
	return found
}

// wordAt is a field without the signs around it.
func wordAt(text string, field span) string {
	return strings.Trim(text[field.begin:field.end], ",;:.()|\"'`")
}

// tellsWithOthers reports whether the last words of a text announce a secret together: "mot de passe", "verification code".
func tellsWithOthers(text string, fields []span) bool {
	const most, longest = 3, 40
	for count := 2; count <= min(most, len(fields)); count++ {
		field := span{fields[len(fields)-count].begin, fields[len(fields)-1].end}
		phrase := wordAt(text, field)
		if len(phrase) > longest {
			break
		}
		last := wordAt(text, fields[len(fields)-1])
		if isTellingText(phrase) && !isTellingText(last) && !isTellingText(strings.TrimSpace(strings.TrimSuffix(phrase, last))) {
			return true
		}
	}
	return false
}

// saidBefore is what is called what follows, as in "… is the password" or "… as password".
func saidBefore(text string, fields []span) (value span, has bool) {
	const fewest = 6
	end := len(fields)
	if end > 0 && isArticle(wordAt(text, fields[end-1])) {
		end--
	}
	if end < 2 {
		return span{}, false
	}
	switch strings.ToLower(text[fields[end-1].begin:fields[end-1].end]) {
	case "is", "as", "=", "ist", "als", "est", "comme", "es", "como":
	default:
		return span{}, false
	}
	value = trimmed(text, fields[end-2], ",;.()\"'`")
	said := text[value.begin:value.end]
	return value, len(said) >= fewest && !isPlain(said) && !strings.Contains(said, "://")
}

// endsPhrase reports whether a word is what is spoken of, and does not only go with the next one.
func endsPhrase(text string, fields []span) bool {
	if len(fields) == 1 || strings.IndexByte(",;.:!", text[fields[0].end-1]) >= 0 {
		return true
	}
	switch strings.ToLower(wordAt(text, fields[1])) {
	case "for", "of", "to", "in", "on", "and", "until", "from", "für", "von", "pour", "de", "para":
		return true
	}
	return false
}

func isArticle(word string) bool {
	switch strings.ToLower(word) {
	case "the", "a", "an", "my", "your", "our", "their", "his", "her", "its", "new", "das", "dein", "ihr", "le", "votre", "la", "tu", "su":
		return true
	}
	return false
}

// isChange reports whether a word behind the name of a secret says that it was changed, so that the secret may follow.
func isChange(word string) bool {
	switch strings.ToLower(word) {
	case "changed", "rotated", "reset", "set":
		return true
	}
	return false
}

// tellsAlone reports whether a word of a text announces a secret: its name, or a scheme of authorization.
func tellsAlone(word string) bool {
	const longest = 30
	switch strings.ToLower(word) {
	case "basic", "digest", "negotiate":
		return true
	case "pass", "pin":
		return false // pass orders to …
	}
	return len(word) <= longest && isTellingText(word)
}

func isAbout(word string) bool {
	words := wordsOf(word)
	return len(words) > 0 && isHarmless(words[len(words)-1])
}

// isBasic reports whether a token is a user and a password as HTTP's basic scheme has them.
func isBasic(token string) bool {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(token, "="))
	return err == nil && bytes.IndexByte(decoded, ':') >= 0
}

package redact

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// spokenSecrets finds what looks made up behind a word that tells of a secret, as in "Bearer …", "password is …", "key changed from … to
// …".
func spokenSecrets(text string) []span {
	const fewest, mostWords, longestWord = 6, 6, 16
	var found []span
	scheme, left := "", 0 // the word that told, and how many words behind it are looked at yet
	before := 0
	for _, field := range fieldsOf(text) {
		word := strings.Trim(text[field.begin:field.end], ",;:.()|\"'`")
		if left--; strings.Contains(text[before:field.begin], "\n") {
			left = 0
		}
		before = field.end
		value := trimmed(text, field, ",;.()\"'`")
		spoken := text[value.begin:value.end]
		isNext, isLong := left == mostWords, len(spoken) >= fewest && !strings.Contains(spoken, "://")
		switch {
		case left > 0 && isLong && !isPlain(spoken), isNext && scheme == "basic" && isBasic(spoken),
			isNext && scheme == "bearer" && len(spoken) >= longestWord:
			found = append(found, value)
		case tellsAlone(word):
			scheme, left = strings.ToLower(word), mostWords+1
		case isNext && isAbout(word): // a password's policy
			left = 0
		}
	}
	return found
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

package redact

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"make-audit-mcp/internal/auditlog"
)

// mode is how much of a value may be shown.
type mode int

const (
	// open values are shown but for the secrets that their texts hold.
	open mode = iota
	// wary: texts that are not plain words, names, numbers and the like are masked.
	wary
	// closed: all is masked but what fields with a harmless name hold.
	closed
	// sealed: names are chosen by people, as in a map of variables, so that none is harmless.
	sealed
)

// keyVerdict is what a key says of its value.
type keyVerdict struct {
	mode mode
	// isAbout says that the value is something about an object, such as its name or type; isIdentifier that it is an id or a hash.
	isAbout, isIdentifier bool
	// isValue says that the key names nothing by itself, isKey that it is the word key alone.
	isValue, isKey bool
	// variable is how an object or array under a key is shown that speaks of variables, else open.
	variable mode
	// atEnd says that the words which tell of a secret are the last ones, as in "the new password".
	atEnd bool
}

// maxKeyWords bounds the words of a key that are looked at.
const maxKeyWords = 12

// judgeKey judges a key by its words; those before the first'th belong to the key of the object around it.
func judgeKey(words []string, first int) keyVerdict {
	end := len(words)
	for end > first && (isFiller(words[end-1]) || isOrdinal(words[end-1])) {
		end--
	}
	if end == first {
		return keyVerdict{isValue: slices.ContainsFunc(words[first:], isFiller)}
	}
	last := words[end-1]
	verdict := keyVerdict{
		isValue: isValueWord(last), isIdentifier: isIdentifier(singular(last)) || isIdentifier(last),
		isKey: len(words) == 1 && isKeyWord(words[0]),
	}
	tells := -1 // index of the last word that tells of a secret
	for i := first; i < len(words); i++ {
		switch words[i] {
		case "variable", "var":
			verdict.variable = max(verdict.variable, closed)
		case "variables", "vars", "env", "environment":
			verdict.variable = sealed
		}
		if found := modeOfWord(words, i); found > open {
			verdict.mode, tells = max(verdict.mode, found), i
		}
		if isKeyWord(singular(words[i])) && modeOfWord(words, i) == open {
			verdict.isIdentifier = true // a primary key
		}
	}
	isAbout := (isHarmless(last) || isHarmless(singular(last))) && end-1 > tells
	if isAbout || tells > first && (isLeading(words[first]) || isHarmless(words[first]) && isOf(words[first+1])) {
		verdict.mode, verdict.isAbout = open, true
	}
	verdict.atEnd = tells >= end-1 || tells == end-2 && (isSecretKind(last) || isSecretCode(last))
	if names := words[end-1]; verdict.mode == closed && end-1 == tells && names != "credentials" && names != singular(names) {
		verdict.mode = sealed // passwords, cookies: maps by names
	}
	return verdict
}

// judgeKeyIn judges a key by its own words, and where two belong together by those of the key of the object around it.
func judgeKeyIn(around, own []string) keyVerdict {
	const enough = 2
	around = around[max(0, len(around)-enough):]
	if len(around) == 0 {
		return judgeKey(own, 0)
	}
	words := strings.Fields(joinPhrases(strings.Join(around, " ") + " " + strings.Join(own, " ")))
	return judgeKey(words, min(len(around), max(0, len(words)-1)))
}

// modeOfWord returns how a word of a key makes its value be shown.
func modeOfWord(words []string, i int) mode {
	word := singular(words[i])
	near := func(is func(string) bool) bool {
		next := i + 1
		if next < len(words) && isOf(words[next]) {
			next++
		}
		return i > 0 && is(singular(words[i-1])) || next < len(words) && is(singular(words[next]))
	}
	switch {
	case words[i] == "pins": // of a board
		return open
	case words[i] == "tokens":
		if slices.ContainsFunc(words, isCountWord) {
			return open
		}
		return wary
	case isSecretWord(word), isSecretWord(words[i]), hasSecretOfOtherScript(word):
		return closed
	case isKeyWord(word) && i > 0 && isSecretKind(words[i-1]):
		return closed
	case isKeyWord(word) && near(isPlainKind):
		return open
	case isKeyWord(word) && (near(isSecretKind) || len(words) == 1 && word == words[i]):
		return closed
	case isKeyWord(word):
		return wary
	case isCodeWord(word) && near(isSecretCode):
		return closed
	case isDoubtfulWord(word) && len(words) == 1 && (word == "auth" || word == "signature"):
		return closed
	case isDoubtfulWord(word), isDoubtfulWord(words[i]):
		return wary
	}
	return open
}

func isOf(word string) bool {
	return slices.Contains([]string{"of", "de", "du", "del", "della", "des", "do", "da", "von", "van"}, word)
}

// isOrdinal reports whether a word is a number or one letter.
func isOrdinal(word string) bool {
	return len(word) == 1 && word != "v" || strings.Trim(word, "0123456789") == ""
}

// singular takes the plural's ending off a word that has one.
func singular(word string) string {
	if short, isPlural := strings.CutSuffix(word, "s"); isPlural && len(short) > 2 && !strings.HasSuffix(short, "s") {
		return short
	}
	return word
}

// wordsOf takes a key apart at its signs and humps, words grown together at those that are known.
func wordsOf(key string) []string {
	var words []string
	add := func(word string) {
		if isASCII(word) {
			word = strings.ToLower(word)
		} else {
			word = auditlog.Fold(word)
		}
		if word != "" && len(words) < maxKeyWords {
			words = append(words, partsOf(word)...)
		}
	}
	runes := []rune(norm.NFKC.String(auditlog.Text(key).VisibleTo(auditlog.MaxTextRunes)))
	begin := 0
	for i, r := range runes {
		isPart := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		isHump := unicode.IsUpper(r) && i > begin &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if !isPart || isHump {
			add(string(runes[begin:i]))
			begin = i
		}
		if !isPart {
			begin++
		}
	}
	add(string(runes[begin:]))
	if len(words) < 2 {
		return words
	}
	return strings.Fields(joinPhrases(strings.Join(words, " ")))
}

func isASCII(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// partsOf takes a folded word apart into words that are known, one of which tells of a secret. A word that cannot be so stays whole.
func partsOf(word string) []string {
	const longEnough, tooLong, mostParts = 5, 40, 4 // to be no chance ending; to be grown together
	if short := strings.TrimRight(word, "0123456789"); len(short) > 1 && !isKnown(word) {
		word = short
	}
	if len(word) < longEnough || len(word) > tooLong || !isASCII(word) || slices.Contains([]string{"bypass", "pinboard"}, word) {
		return []string{word}
	}
	if parts := knownParts(word, mostParts); haveTelling(parts) {
		return parts
	}
	for i := 2; i <= len(word)-longEnough; i++ {
		if right := word[i:]; isTelling(right) && !isDoubtfulWord(right) {
			return []string{word[:i], right}
		}
	}
	return []string{word}
}

// knownParts takes a word apart into at most so many words that are known, nil if it cannot be.
func knownParts(word string, most int) []string {
	if isKnown(word) {
		return []string{word}
	}
	for i := 2; i <= len(word)-2 && most > 1; i++ {
		if isKnown(word[:i]) {
			if rest := knownParts(word[i:], most-1); rest != nil {
				return append([]string{word[:i]}, rest...)
			}
		}
	}
	return nil
}

// haveTelling reports whether words that stand together tell of a secret.
func haveTelling(parts []string) bool {
	for i, part := range parts {
		if isTelling(part) || isCodeWord(part) && i > 0 && isSecretCode(parts[i-1]) {
			return true
		}
	}
	return false
}

func isTelling(word string) bool {
	short := singular(word)
	return isSecretWord(word) || isSecretWord(short) || isDoubtfulWord(short) || isKeyWord(short)
}

func isKnown(word string) bool {
	return isTelling(word) || isSecretKind(word) || isPlainKind(word) || isSecretCode(word) || isCodeWord(word) || isHarmless(word) ||
		isIdentifier(word) || isValueWord(word) || isCountWord(word)
}

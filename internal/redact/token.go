package redact

import (
	"strings"
)

// tokenSecrets finds tokens that have a well-known format, or look random.
func tokenSecrets(text string, isID bool) []span {
	var found []span
	isInner := func(c byte) bool {
		return kindOf(rune(c)) != 0 || strings.IndexByte("_-./+~=$", c) >= 0
	}
	for i := 0; i < len(text); {
		if !isInner(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && isInner(text[end]) {
			end++
		}
		if end-i >= minFormatChars {
			before := strings.TrimRight(text[:i], ":= \"'@#(")
			found = append(found, tokensWithin(text, span{i, end}, isID || isHashNamed(before))...)
		}
		i = end
	}
	return found
}

// isHashNamed reports whether a text ends with a word that announces an id or a hash.
func isHashNamed(before string) bool {
	word := before[strings.LastIndexAny(before, " \n\t,;:{(\"'")+1:]
	words := wordsOf(word)
	isPublicKey := strings.HasPrefix(word, "ssh-") || strings.HasPrefix(word, "ecdsa-sha2-")
	return isPublicKey || len(word) < 40 && len(words) > 0 && isIdentifier(words[len(words)-1])
}

// tokensWithin finds secrets in a run of characters of tokens: the whole, or what stands between its slashes and equal signs.
func tokensWithin(text string, run span, isID bool) []span {
	run = trimmed(text, run, "./=-")
	var found []span
	isAddress := strings.HasSuffix(text[:run.begin], "://") // see pathSecrets
	for begin := run.begin; begin < run.end; {
		end := begin + strings.IndexAny(text[begin:run.end]+"/", "/=")
		part := text[begin:end]
		if hasKnownFormat(part) || !isAddress && !isID && looksRandom(part, false) {
			found = append(found, span{begin, end})
		}
		begin = end + 1
	}
	isName := isAddress || isID || strings.Contains(text[run.begin:run.end], ".")
	if len(found) == 0 && !isName && looksRandom(text[run.begin:run.end], false) {
		found = append(found, run)
	}
	return found
}

// formatPrefixes are what tokens of well-known services begin with; what is not listed, or begins like names do, is known by its looks.
// The facts are from the rules of gitleaks 8.30 (github.com/gitleaks/gitleaks, config/gitleaks.toml) and the services' documentation.
const formatPrefixes = "" +
	"AKIA ASIA ABIA ACCA ABSK LTAI AIza ya29. GOCSPX- AKCp AQVN YCAJE ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- glptt- gldt- glrt- " +
	"glcbt- glft- glffct- glimt- glagent- gloas- glsoat- GR1348941 ATATT3 ATCTT3 ATBB ATOA lin_api_ lin_oauth_ ntn_ figd_ figo_ " +
	"CFPAT- PMAK- dp.pt. dp.st. dp.ct. npm_ pypi- rubygems_ CLOJARS_ dckr_pat_ dckr_oat_ sgp_ rdme_ tk-us- pnu_ sntrys_ sntryu_ squ_ " +
	"sqp_ sqa_ xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp- tfp_ SG. xkeysib- xsmtpsib- pat-na1- pat-eu1- sk- " +
	"sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ whsec_ sq0atp- sq0csp- shpat_ shpca_ shppa_ shpss_ EAAA EAAC EAAM EAAG " +
	"EZAK EZTK FLWSECK shippo_ duffel_ p8e- test_sec_ live_sec_ access_token$production$ hf_ api_org_ pplx- gsk_ xai- r8_ sk.eyJ eyJ " +
	"dop_v1_ doo_v1_ dor_v1_ fo1_ fm1a_ fm1r_ fm2_ hvs. hvb. hvr. pscale_tkn_ pscale_oauth_ pscale_pw_ dt0c01. dt0s01. glsa_ glc_ " +
	"$2a$ $2b$ $2y$ $1$ $5$ $6$ $y$ $apr1$ $argon2 NRAK- NRII- NRJS- HRKU- dnkey- AGE-SECRET-KEY-1 sha256~ fio-u- sm_aat_ sm_pat_ sm_sat_ sbp_ vercel_ tskey- CLERK_ cfut_"

// minFormatChars is how much must follow a prefix.
const minFormatChars = 8

// hasKnownFormat reports whether a token is one of a well-known service.
func hasKnownFormat(token string) bool {
	if len(token) < minFormatChars+len("s.") {
		return false
	}
	for prefixes := formatPrefixes; prefixes != ""; {
		var prefix string
		prefix, prefixes, _ = strings.Cut(prefixes, " ")
		if rest, has := strings.CutPrefix(token, prefix); has && len(rest) >= minFormatChars && !isWordy(rest) {
			return true
		}
	}
	return false
}

const (
	// minRandomChars is the fewest letters and digits of what is taken for a secret by its looks alone.
	minRandomChars = 20
	// maxPiece is how long the pieces of random text are on average, at most: runs of letters in one case, or of digits.
	maxPiece = 3.1
	// maxTurn is how many characters of it stand between two places where digits and letters take turns.
	maxTurn = 6
)

// looksRandom reports whether a token looks as if nobody had made it up: long, its letters and digits changing all the time. UUIDs do not
// count, nor do words and numbers in it; hexadecimal ones are hashes where mayBeHash.
func looksRandom(token string, mayBeHash bool) bool {
	if len(token) < minRandomChars || isULID(token) {
		return false
	}
	chars, pieces, turns := 0, 0, 0
	hasDigit, isHex := false, true
	for _, part := range strings.FieldsFunc(withoutUUIDs(token), isSign) {
		if !isASCII(part) || isWord(part) {
			continue
		}
		chars += len(part)
		runs, changes := piecesOf(part)
		pieces, turns = pieces+runs, turns+changes
		hasDigit = hasDigit || strings.ContainsAny(part, "0123456789")
		isHex = isHex && strings.Trim(part, "0123456789abcdefABCDEF") == ""
	}
	const fewestOfHash, objectID, fewestTurns = 32, 24, 4
	if isHex {
		return hasDigit && !mayBeHash && chars >= fewestOfHash && chars != objectID
	}
	return chars >= minRandomChars*3/4 && (float64(chars) <= maxPiece*float64(pieces) || turns >= fewestTurns && chars <= maxTurn*turns)
}

// piecesOf counts the runs of digits and of letters in one case, where a capital belongs to the small letters behind it, and how often
// digits and letters take turns.
func piecesOf(part string) (pieces, turns int) {
	length := 0
	var before rune
	for _, r := range part {
		if kind := kindOf(r); kind != before && !(before == 'A' && kind == 'a' && length == 1) {
			if before != 0 && (before == '0') != (kind == '0') {
				turns++
			}
			pieces, length, before = pieces+1, 0, kind
		} else {
			before = kind
		}
		length++
	}
	return pieces, turns
}

// kindOf sorts the characters of tokens: small letters, capitals, digits; 0 is for signs.
func kindOf(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return 'a'
	case 'A' <= r && r <= 'Z':
		return 'A'
	case '0' <= r && r <= '9':
		return '0'
	}
	return 0
}

// withoutUUIDs takes UUIDs out of a token.
func withoutUUIDs(token string) string {
	const size = 36
	for i := 0; i+size <= len(token); i++ {
		if isUUID(token[i : i+size]) {
			token, i = token[:i]+token[i+size:], i-1
		}
	}
	return token
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		isDash := i == 8 || i == 13 || i == 18 || i == 23
		if isDash != (s[i] == '-') || !isDash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}

// isULID reports whether a token is an id that begins with the time, as those of this century do.
func isULID(token string) bool {
	return len(token) == 26 && strings.HasPrefix(token, "01") && strings.Trim(token, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ""
}

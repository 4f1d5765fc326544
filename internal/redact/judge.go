package redact

import (
	"fmt"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// judge walks through details and decides of each value whether it may be shown.
type judge struct {
	event auditlog.Text
	// paths are those of values that are masked, whole or in part.
	paths []string
	// scanned counts the bytes of keys and texts that were looked at.
	scanned int
}

// details judges the whole. What a variable has been given, and what a key is made of, are secrets whatever they are called.
func (j *judge) details(root *detailsNode) {
	event := auditlog.Event{Value: j.event}
	from := place{mode: min(judgeKey(wordsOf(string(event.Object())), 0).mode, wary)}
	if event.ConcernsVariables() {
		from.mode = closed
	}
	j.value(root, from)
}

// place is where a value stands: the path to it, the words of the key it stands under, and what they say of it.
type place struct {
	path  string
	words []string
	mode  mode
	// isID says that an id or a hash is expected there, which look random.
	isID bool
	// columns are the modes of the columns of a table whose rows are there.
	columns []mode
}

func (j *judge) value(node *detailsNode, at place) {
	switch {
	case j.scanned > maxScannedInAll:
		*node = detailsNode{text: quoteJSON(tooLongValue), source: node.source, isHidden: true}
	case node.open == "{":
		j.object(node, at)
		*node = node.whole()
	case node.open == "[":
		j.array(node, at)
		*node = node.whole()
	case node.isHarmless:
		if node.isText {
			node.text = quoteJSON("")
		}
	case !node.isText:
		if at.mode >= closed && !node.isHidden {
			j.mask(node, at)
		}
	case at.mode >= closed, at.mode == wary && !isPlain(node.raw):
		j.mask(node, at)
	default:
		shown, found := j.maskText(node.raw, at.isID)
		if found {
			j.paths = append(j.paths, wholePath(at.path))
		}
		node.isHidden = shown == maskedValue
		node.text = quoteJSON(auditlog.Text(shown).Clean())
	}
}

// object judges the members of an object, each by its key and by those beside it.
func (j *judge) object(node *detailsNode, at place) {
	verdicts := make([]keyVerdict, len(node.members))
	words := make([][]string, len(node.members))
	mode, named, hasValue := at.mode, at.mode, false // named: how what is named by another member is shown
	for i := range node.members {
		member := &node.members[i]
		own := wordsOf(member.raw)
		words[i] = own
		verdicts[i] = judgeKeyIn(at.words, own)
		verdicts[i].isKey = len(own) == 1 && isKeyWord(own[0])
		hasValue = hasValue || verdicts[i].isValue
		if member.node.isText && !verdicts[i].isValue {
			// {"name": "Authorization", "value": "…"}: the secret's name is a value here.
			named = max(named, tellingOf(member.node.raw), verdicts[i].variable)
		}
	}
	mode = max(mode, min(named, wary))
	columns := columnsOf(node.members)
	used := map[string]bool{moreKey: true} // kept for our own note
	for i := range node.members {
		member, verdict := &node.members[i], verdicts[i]
		var isMasked bool
		member.key, isMasked = j.shownKey(member.raw, at.mode, used)
		inside := place{
			path: joinPath(at.path, member.key), words: words[i], mode: max(mode, verdict.mode), isID: verdict.isIdentifier,
			columns: columns,
		}
		isScalar := member.node.open == ""
		isNaming := isScalar && mode < closed && verdict.mode < closed && isTellingText(member.node.raw)
		switch {
		case at.mode == sealed:
			inside.mode = closed
		case verdict.isValue && (at.mode >= wary || named >= closed):
			inside.mode = max(inside.mode, closed)
		case hasValue && (verdict.isKey || verdict.variable > open) && isName(member.node), isNaming,
			verdict.isAbout && (isScalar || member.node.isFlat() && isListed(words[i])):
			inside.mode = open
		case !isScalar && verdict.variable > open:
			inside.mode = verdict.variable
		}
		before := len(j.paths)
		j.value(&member.node, inside)
		if !isScalar && inside.mode >= closed && at.mode < closed && member.node.isHidden {
			j.paths = j.paths[:before] // masked as one, not piece by piece
			j.mask(&member.node, inside)
		}
		if isMasked && len(j.paths) == before {
			j.paths = append(j.paths, inside.path)
		}
	}
}

// array judges the elements of an array. Behind the name of a secret stands its value, as in ["Authorization", "…"].
func (j *judge) array(node *detailsNode, at place) {
	isPair := strings.HasSuffix(at.path, "]")
	named := false
	columns, most := at.columns, closed
	isRow := len(columns) == len(node.members)
	if columns == nil && len(node.members) > 0 {
		columns = headOf(node.members[0].node, wary)
	}
	if !isPair { // it may belong to something else
		most = wary
	}
	secret := secretArguments(node.members)
	for i := range node.members {
		element := &node.members[i].node
		inside := at
		inside.columns = columns
		if isRow && element.open == "" && !isTellingText(element.raw) {
			inside.mode = max(at.mode, min(columns[i], most))
		}
		inside.path = fmt.Sprintf("%s[%d]", at.path, i)
		if secret != nil && secret[i] {
			inside.mode = max(inside.mode, closed)
		}
		if inside.mode == sealed && element.open == "{" {
			inside.mode = closed
		}
		if named && isPair {
			inside.mode = max(inside.mode, closed)
		} else if named {
			inside.mode = max(inside.mode, wary)
		}
		named = named && isPair || element.isText && isTellingText(strings.TrimLeft(element.raw, "-"))
		j.value(element, inside)
	}
}

// columnsOf are the modes of columns that a member of an object names, in an array, for the rows or values in other members.
func columnsOf(members []detailsMember) []mode {
	for _, member := range members {
		words := wordsOf(member.raw)
		if len(words) == 0 {
			continue
		}
		switch singular(words[len(words)-1]) {
		case "column", "header", "head", "field", "key", "name", "title", "attribute", "label", "property":
			if columns := headOf(member.node, closed); columns != nil {
				return columns
			}
		}
	}
	return nil
}

// headOf are the modes of the columns of a table that has an array as its head, at most so strict; nil if none of them names a secret. What
// stands first may as well be the name of what stands beside it.
func headOf(head detailsNode, most mode) []mode {
	if head.open != "[" {
		return nil
	}
	columns, strictest := make([]mode, len(head.members)), open
	for i, cell := range head.members {
		if !cell.node.isText {
			return nil
		}
		if i > 0 {
			columns[i] = min(headMode(cell.node.raw), most)
			strictest = max(strictest, columns[i])
		}
	}
	if strictest == open {
		return nil
	}
	return columns
}

// isName reports whether a text beside a value can be that value's name.
func isName(node detailsNode) bool {
	const longest = 64
	return node.isText && len(node.raw) <= longest && !strings.ContainsAny(node.raw, "=:") &&
		!hasKnownFormat(node.raw) && !looksRandom(node.raw, false)
}

// shownKey returns a key as it is shown: cleaned, distinguished from those already used, and masked where it is a secret itself.
func (j *judge) shownKey(raw string, around mode, used map[string]bool) (key string, isMasked bool) {
	key = auditlog.Text(raw).Clean()
	if _, isMasked = j.maskText(raw, false); isMasked || around >= closed && !isPlain(raw) {
		key, isMasked = maskedValue, true
	}
	return unique(key, used), isMasked
}

// unique returns a name distinguished from those already used, and uses it.
func unique(name string, used map[string]bool) string {
	numbered := name
	for n := 2; used[numbered]; n++ {
		numbered = fmt.Sprintf("%s (%d)", name, n)
	}
	used[numbered] = true
	return numbered
}

// mask hides a value and notes its path.
func (j *judge) mask(node *detailsNode, at place) {
	j.paths = append(j.paths, wholePath(at.path))
	*node = detailsNode{text: quoteJSON(maskedValue), raw: node.raw, source: node.source, isHidden: true}
}

// maskedPaths returns the paths of masked values, bounded.
func (j *judge) maskedPaths() []string {
	if len(j.paths) <= maxMaskedPaths {
		return j.paths
	}
	kept := maxMaskedPaths - 1
	return append(j.paths[:kept:kept], fmt.Sprintf("and %d more", len(j.paths)-kept))
}

func wholePath(path string) string {
	if path == "" {
		return "$"
	}
	return path
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

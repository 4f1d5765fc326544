package questions

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"make-audit-mcp/internal/makesim"
)

// Verdict is what an answer is worth.
type Verdict string

// The verdicts, in the order of the report.
const (
	Right Verdict = "right"
	// Wrong says that it may be incomplete or unknown.
	Wrong             Verdict = "wrong"
	WrongAndConfident Verdict = "wrong and confident"
	// Unanswered has no answer in the form, or was stopped by a bound.
	Unanswered Verdict = "unanswered"
)

const (
	unknownWords = "CANNOT BE KNOWN"
	noneWord     = "NONE"
	unsureWord   = "unsure"
)

// Grader knows by what names people and teams go.
type Grader struct {
	people, teams map[string][]string // ids by name
	zone          *time.Location
}

// Grader grades answers about this Make.
func (m *Make) Grader() *Grader {
	g := &Grader{people: map[string][]string{}, teams: map[string][]string{}, zone: m.zones[home]}
	add := func(to map[string][]string, id int64, names ...string) {
		key := strconv.FormatInt(id, 10)
		for _, name := range append(names, key) {
			to[fold(name)] = append(to[fold(name)], key)
		}
	}
	for _, user := range m.world.Users {
		add(g.people, user.ID, user.Name, user.Email)
	}
	for _, o := range m.world.Organizations {
		if o.ID == makesim.DemoOrganizationID {
			for _, t := range slices.Concat(o.Teams, o.FormerTeams) {
				add(g.teams, t.ID, t.Name)
			}
		}
	}
	return g
}

// fold makes what is written alike equal.
func fold(s string) string {
	return cases.Fold().String(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
}

var errForm = errors.New("not in the form that was asked for")

// Grade judges what a model said in the end, by the truth of a question. The reason is about what is not right.
func (g *Grader) Grade(form Form, truth Answer, said string) (verdict Verdict, reason string) {
	line, ok := finalLine(said)
	if !ok {
		return Unanswered, fmt.Sprintf("no line ANSWER: in %.200q", said)
	}
	line, unsure := withoutUnsure(line)
	answer, err := g.read(form, line)
	switch {
	case err != nil:
		return Unanswered, fmt.Sprintf("%q: %v", line, err)
	case g.same(truth, answer):
		return Right, ""
	case unsure || answer.unknown:
		return Wrong, fmt.Sprintf("%s, right: %s", line, truth)
	default:
		return WrongAndConfident, fmt.Sprintf("%s, right: %s", line, truth)
	}
}

// trimmed is what Markdown and sentences put around an answer.
const trimmed = " \t\r\"'`*_~“”„«».!"

// finalLine returns what the last line ANSWER: says.
func finalLine(said string) (string, bool) {
	marker := regexp.MustCompile(`(?i)^[\s>#*_~\x60-]*answer[\s*_~\x60]*[:：]`)
	lines := strings.Split(said, "\n")
	for _, line := range slices.Backward(lines) {
		if at := marker.FindStringIndex(line); at != nil {
			return strings.Trim(line[at[1]:], trimmed), true
		}
	}
	return "", false
}

// withoutUnsure takes the word off the beginning or the end.
func withoutUnsure(line string) (rest string, unsure bool) {
	const around = trimmed + ":;,-–—()[]"
	lower := strings.ToLower(line)
	opened := strings.TrimLeft(lower, around)
	if rest, ok := strings.CutPrefix(opened, unsureWord); ok && (rest == "" || !isLetter(rest[0])) {
		return strings.Trim(line[len(line)-len(rest):], trimmed+":;,–—]"), true
	}
	closed := strings.TrimRight(lower, around)
	if rest, ok := strings.CutSuffix(closed, unsureWord); ok && (rest == "" || !isLetter(rest[len(rest)-1])) {
		return strings.Trim(strings.TrimRight(line[:len(rest)], around), trimmed), true
	}
	return line, false
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// remark is one in parentheses at the end that holds no figures, since those might be another answer.
var remark = regexp.MustCompile(`\s*\([^()\d]*\)$`)

// read takes an answer in its form apart; the truth has no part in it.
func (g *Grader) read(form Form, line string) (Answer, error) {
	bare := strings.Trim(remark.ReplaceAllString(line, ""), trimmed)
	if fold(bare) == fold(unknownWords) {
		return cannotBeKnown(), nil
	}
	switch form {
	case FormNumber:
		return readNumber(bare)
	case FormPeople:
		ids, err := readNames(g.people, line)
		return people(ids...), err
	case FormTeams:
		ids, err := readNames(g.teams, line)
		return teams(ids...), err
	case FormText, FormID:
		if bare == "" {
			return Answer{}, errForm
		}
		// A remark is a part of a name that has one.
		return Answer{form: form, names: []string{strings.Trim(line, trimmed), bare}}, nil
	case FormTime, FormDate:
		return g.readTime(form, line)
	case FormYesNo:
		switch fold(bare) {
		case "yes", "true":
			return yesOrNo(true), nil
		case "no", "false":
			return yesOrNo(false), nil
		}
	}
	return Answer{}, errForm
}

func (g *Grader) same(truth, answer Answer) bool {
	if truth.unknown || answer.unknown {
		return truth.unknown && answer.unknown
	}
	switch truth.form {
	case FormNumber:
		return truth.number == answer.number
	case FormPeople, FormTeams:
		return slices.Equal(slices.Compact(slices.Sorted(slices.Values(truth.names))), answer.names)
	case FormText, FormID:
		return slices.ContainsFunc(truth.names, func(right string) bool {
			return slices.ContainsFunc(answer.names, func(said string) bool { return fold(right) == fold(said) })
		})
	case FormTime:
		if answer.toMinute {
			return truth.at.Truncate(time.Minute).Equal(answer.at)
		}
		return truth.at.Truncate(time.Second).Equal(answer.at)
	case FormDate:
		return truth.at.Format(time.DateOnly) == answer.at.Format(time.DateOnly)
	default:
		return truth.yes == answer.yes
	}
}

// readNumber takes any thousands separator, and the unit that the question has.
func readNumber(line string) (Answer, error) {
	shape := regexp.MustCompile(`(?i)^([+-])?(\d{1,3}(?:[,.'’_ ]\d{3})+|\d+)(?: (?:minutes?|min|days?|entries|entry|times))?$`)
	line = strings.ReplaceAll(strings.Join(strings.Fields(norm.NFKC.String(line)), " "), "−", "-")
	if word := fold(line); word == "none" || word == "zero" {
		return number(0), nil
	}
	parts := shape.FindStringSubmatch(line)
	if parts == nil {
		return Answer{}, errForm
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, parts[2])
	n, err := strconv.Atoi(digits)
	if err != nil {
		return Answer{}, errForm
	}
	if parts[1] == "-" {
		n = -n
	}
	return number(n), nil
}

// readNames finds whom or what the parts of a line name. A part that names several says nothing unless another tells which; one that names
// nobody is kept, so that the answer is wrong.
func readNames(known map[string][]string, line string) ([]string, error) {
	if fold(strings.Trim(line, trimmed)) == fold(noneWord) {
		return nil, nil
	}
	named := map[string]bool{}
	var unclear [][]string
	for _, part := range regexp.MustCompile(`[;,()<>\[\]|]|\s+and\s+`).Split(line, -1) {
		part = strings.Trim(part, trimmed)
		if part == "" {
			continue
		}
		part = regexp.MustCompile(`(?i)^(?:id\s*[:=]?\s*|#|e-?mail\s*:\s*)`).ReplaceAllString(part, "")
		switch ids := known[fold(part)]; len(ids) {
		case 0:
			named["? "+part] = true
		case 1:
			named[ids[0]] = true
		default:
			unclear = append(unclear, ids)
		}
	}
	if len(named)+len(unclear) == 0 {
		return nil, errForm
	}
	for _, ids := range unclear {
		if !slices.ContainsFunc(ids, func(id string) bool { return named[id] }) {
			return nil, fmt.Errorf("several go by one name: ids %s", strings.Join(ids, ", "))
		}
	}
	return slices.Sorted(maps.Keys(named)), nil
}

// readTime takes a date in digits, year first, or in words, and a time of the day with or without seconds and zone.
func (g *Grader) readTime(form Form, line string) (Answer, error) {
	rest := strings.ToLower(norm.NFKC.String(line))
	take := func(pattern string) []string {
		shape := regexp.MustCompile(pattern)
		at := shape.FindStringSubmatchIndex(rest)
		if at == nil {
			return nil
		}
		parts := shape.FindStringSubmatch(rest)
		rest = rest[:at[0]] + " " + rest[at[1]:]
		return parts
	}
	const months = `(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`
	var year, month, day string
	switch {
	case strings.Contains(rest, "-"):
		if d := take(`(\d{4})-(\d{2})-(\d{2})(?:t)?`); d != nil {
			year, month, day = d[1], d[2], d[3]
			break
		}
		fallthrough
	default:
		if d := take(`(\d{1,2})(?:st|nd|rd|th|\.)?(?: of)? ` + months + `,? (\d{4})`); d != nil {
			day, month, year = d[1], d[2], d[3]
		} else if d := take(months + ` (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})`); d != nil {
			month, day, year = d[1], d[2], d[3]
		} else {
			return Answer{}, errForm
		}
	}
	layout, written := "2006-01-02", year+"-"+month+"-"+day
	if len(month) == len("jan") {
		layout, written = "2006-Jan-2", year+"-"+strings.ToUpper(month[:1])+month[1:]+"-"+day
	}
	answer, zone := Answer{form: form}, g.zone
	if form == FormTime {
		clock := take(`(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?`)
		if clock == nil {
			return Answer{}, errForm
		}
		answer.toMinute = clock[3] == ""
		if answer.toMinute {
			clock[3] = "00"
		}
		layout += " 15:04:05"
		written += fmt.Sprintf(" %02s:%s:%s", clock[1], clock[2], clock[3])
		if offset := take(`(?:utc|gmt)?\s*([+-]\d{1,2})(?::?(\d{2}))?`); offset != nil {
			hours, err := strconv.Atoi(offset[1])
			minutes, _ := strconv.Atoi("0" + offset[2]) // digits, or none
			if err != nil || hours < 0 {
				minutes = -minutes
			}
			zone = time.FixedZone("", (hours*60+minutes)*60)
		} else if name := take(`\b(utc|gmt|cest|cet)\b|z\b`); name != nil {
			zone = map[string]*time.Location{"cet": time.FixedZone("", 3600), "cest": time.FixedZone("", 7200)}[name[1]]
			if zone == nil {
				zone = time.UTC
			}
		}
	}
	var err error
	if answer.at, err = time.ParseInLocation(layout, written, zone); err != nil {
		return Answer{}, errForm
	}
	if name := take(`\b(mon|tues|wednes|thurs|fri|satur|sun)day\b`); name != nil &&
		!strings.HasPrefix(strings.ToLower(answer.at.Weekday().String()), name[1]) {
		return Answer{}, errForm
	}
	take(`\(?\s*(?:europe/)?prague(?: time)?\s*\)?`)
	if form == FormDate {
		take(`^\s*on\b`)
	}
	if strings.Trim(strings.ReplaceAll(rest, " at ", " "), ",()"+trimmed) != "" {
		return Answer{}, errForm
	}
	return answer, nil
}

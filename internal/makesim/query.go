package makesim

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxArrayIndex is qs's: an index above it turns an array into an object, which Make's validation then refuses.
const maxArrayIndex = 20

// parameter is one parameter of a query as qs, the parser of Node, sees it.
type parameter struct {
	texts  []string
	list   bool // written with brackets or more than once
	object bool // written with a key, or an index that is too large
	bare   bool // written as name[]
}

// query reads the parameters of a request and keeps the first mistake, so that a handler reads all of them and then asks once.
type query struct {
	parameters map[string]*parameter
	err        *apiError
}

func parseQuery(raw string) *query {
	q := &query{parameters: map[string]*parameter{}}
	values, err := url.ParseQuery(raw)
	if err != nil {
		q.fail("The query cannot be parsed: %v.", err)
		return q
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name, p := key, &parameter{texts: values[key]}
		if open := strings.IndexByte(key, '['); open > 0 && strings.HasSuffix(key, "]") && !strings.HasPrefix(key, "pg[") {
			name = key[:open]
			inside := key[open+1 : len(key)-1]
			index, err := strconv.Atoi(inside)
			p.list = true
			p.bare = inside == ""
			p.object = inside != "" && (err != nil || index < 0 || index > maxArrayIndex)
		}
		p.list = p.list || len(p.texts) > 1
		q.merge(name, p)
	}
	return q
}

// merge joins name=x, name[]=y and name[0]=z into one list, as qs does.
func (q *query) merge(name string, p *parameter) {
	known, ok := q.parameters[name]
	if !ok {
		q.parameters[name] = p
		return
	}
	known.texts = append(known.texts, p.texts...)
	known.list = true
	known.object = known.object || p.object
	known.bare = known.bare || p.bare
}

func (q *query) fail(format string, args ...any) {
	if q.err == nil {
		q.err = invalid(format, args...)
	}
}

// mistake is the first mistake that was found, as an error that is nil if none.
func (q *query) mistake() error {
	if q.err == nil {
		return nil
	}
	return q.err
}

// accept refuses every parameter that is not among the names.
func (q *query) accept(names ...string) {
	for _, name := range slices.Sorted(maps.Keys(q.parameters)) {
		if !slices.Contains(names, name) {
			q.fail("Unknown parameter '%s'.", name)
			return
		}
	}
}

// text reads a parameter that has one value. Present, it may not be empty.
func (q *query) text(name string) (string, bool) {
	p, ok := q.parameters[name]
	if !ok {
		return "", false
	}
	if p.list || p.object {
		q.fail("Parameter '%s' must be a single value.", name)
		return "", false
	}
	if p.texts[0] == "" {
		q.fail("Parameter '%s' is not allowed to be empty.", name)
		return "", false
	}
	return p.texts[0], true
}

// list reads a parameter of one value or several.
func (q *query) list(name string, indexedOnly bool) []string {
	p, ok := q.parameters[name]
	switch {
	case !ok:
		return nil
	case p.object:
		q.fail("Parameter '%s' must be an array, not an object.", name)
		return nil
	case p.bare && indexedOnly:
		q.fail("Parameter '%s' must be an indexed array.", name)
		return nil
	case slices.Contains(p.texts, ""):
		q.fail("Parameter '%s' is not allowed to be empty.", name)
		return nil
	}
	return p.texts
}

// integer reads a whole number of at least the minimum.
func (q *query) integer(name string, absent, minimum int64) int64 {
	text, ok := q.text(name)
	if !ok {
		return absent
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < minimum {
		q.fail("Parameter '%s' must be an integer of at least %d.", name, minimum)
		return absent
	}
	return n
}

func (q *query) oneOf(name, absent string, allowed ...string) string {
	text, ok := q.text(name)
	if !ok {
		return absent
	}
	if !slices.Contains(allowed, text) {
		q.fail("Parameter '%s' must be one of %s.", name, strings.Join(allowed, ", "))
		return absent
	}
	return text
}

func (q *query) flag(name string) bool {
	return q.oneOf(name, "false", "true", "false") == "true"
}

// window reads dateFrom and dateTo into a half-open interval; the zero time is an open end.
func (q *query) window(quirks Quirks) (from, to time.Time) {
	from, _, _ = q.date("dateFrom", quirks)
	last, bare, ok := q.date("dateTo", quirks)
	switch {
	case !ok:
	case bare && !quirks.DateToMidnight:
		to = last.AddDate(0, 0, 1)
	default:
		to = last.Add(time.Nanosecond) // "until the specified date or older": inclusive
	}
	return from, to
}

func (q *query) date(name string, quirks Quirks) (at time.Time, bare, ok bool) {
	text, ok := q.text(name)
	if !ok {
		return time.Time{}, false, false
	}
	zone := quirks.DateZone
	if zone == nil {
		zone = time.UTC
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day, true, true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || quirks.BareDatesOnly {
		q.fail("Parameter '%s' must be a date in the YYYY-MM-DD format.", name)
		return time.Time{}, false, false
	}
	if quirks.TruncateTimestamps {
		year, month, day := at.UTC().Date()
		return time.Date(year, month, day, 0, 0, 0, 0, zone), true, true
	}
	return at, false, true
}

package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Unit is what the values of a row are counted in.
type Unit int

// The units.
const (
	Count Unit = iota
	Seconds
	Bytes
	PerSecond
	Quotient
)

// Row is one thing that was measured. Ours and Wrapper are empty where there is nothing to measure.
type Row struct {
	What          string
	Unit          Unit
	Ours, Wrapper Sample
	// How it was measured, in a few words.
	How string
}

// Bound is a limit that was set for a value.
type Bound struct {
	What string
	Unit Unit
	// Most is the largest value that is still met.
	Most, Value float64
}

// Fact is a line about the machine and what was measured on it.
type Fact struct{ Name, Value string }

// Page is what is printed.
type Page struct {
	Command, Date, Commit string
	Facts                 []Fact
	Rows                  []Row
	Bounds                []Bound
}

// Write writes the page as Markdown.
func (p *Page) Write(to io.Writer) error {
	var page strings.Builder
	fmt.Fprintf(&page, `# Benchmarks

Printed by `+"`%s`"+` on %s, of commit %s. The figures are of this machine on that day;
ratios carry further. A busy machine makes figures worse, and the spread wider.

The wrapper is a plain OpenAPI-to-MCP server (`+"`bench/wrapper`"+`) that offers the same calls to Make as tools, one each. Both ask the same
simulated Make (`+"`bench/make`"+`) on loopback, with no limit of requests a minute in the way: ours was told that it may ask as often as it
likes, and to let callers in as often. Turns alternate between the two, after some that are not counted. A value is the median, in brackets
the least and the most; a ratio is ours by the wrapper's, the median of each turn's own. 1 MB is 1,000,000 bytes, a token 4 characters.

| | |
|---|---|
`, p.Command, p.Date, p.Commit)
	for _, fact := range p.Facts {
		fmt.Fprintf(&page, "| %s | %s |\n", fact.Name, fact.Value)
	}
	page.WriteString("\n| what | ours | the wrapper | ratio | how |\n|---|---|---|---|---|\n")
	for _, row := range p.Rows {
		fmt.Fprintf(&page, "| %s | %s | %s | %s | %s |\n", row.What, row.Unit.sample(row.Ours), row.Unit.sample(row.Wrapper), row.ratio(), row.How)
	}
	page.WriteString("\n## Bounds that were set\n\n| what | at most | measured | |\n|---|---|---|---|\n")
	for _, bound := range p.Bounds {
		verdict := "**not met**"
		if bound.Value <= bound.Most {
			verdict = "met"
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", bound.What, bound.Unit.sample(Sample{bound.Most}),
			bound.Unit.sample(Sample{bound.Value}), verdict)
	}
	_, err := io.WriteString(to, page.String())
	return err
}

func (r Row) ratio() string {
	if len(r.Ours) == 0 || len(r.Wrapper) == 0 {
		return "–"
	}
	return Quotient.number(r.Ours.RatioTo(r.Wrapper))
}

// quotient is as people say it: 1/15 rather than 0.067.
func quotient(value float64) string {
	switch {
	case value <= 0 || math.IsInf(value, 0) || math.IsNaN(value):
		return "–" // of times that nothing was above
	case value < 1:
		return "1/" + significant(1/value)
	}
	return significant(value)
}

// sample writes a median, and how far the values spread if there are several.
func (u Unit) sample(s Sample) string {
	if len(s) == 0 {
		return "–"
	}
	scale, name := u.scale(s.Median())
	text := u.number(s.Median()*scale) + name
	if len(s) == 1 {
		return text
	}
	return fmt.Sprintf("%s (%s–%s)", text, u.number(slices.Min(s)*scale), u.number(slices.Max(s)*scale))
}

// scale returns what a value is multiplied by to be easy to read, and the name that then follows.
func (u Unit) scale(value float64) (factor float64, name string) {
	switch {
	case u == PerSecond:
		return 1, "/s"
	case u == Bytes && value >= 1e9:
		return 1e-9, " GB"
	case u == Bytes && value >= 1e6:
		return 1e-6, " MB"
	case u == Bytes:
		return 1e-3, " kB"
	case u == Seconds && math.Abs(value) >= 1:
		return 1, " s"
	case u == Seconds && math.Abs(value) >= 1e-3:
		return 1e3, " ms"
	case u == Seconds:
		return 1e6, " µs"
	}
	return 1, ""
}

func (u Unit) number(value float64) string {
	switch u {
	case Count:
		return grouped(value)
	case Quotient:
		return quotient(value)
	}
	return significant(value)
}

// significant keeps three digits, and all of those before the point.
func significant(value float64) string {
	if math.Abs(value) >= 100 {
		return grouped(value)
	}
	text := strconv.FormatFloat(value, 'g', 3, 64)
	if math.Abs(value) < 0.01 {
		text = strconv.FormatFloat(value, 'f', 3, 64)
	}
	return text
}

// grouped writes a whole number with a comma before each three digits.
func grouped(value float64) string {
	digits := strconv.FormatFloat(math.Abs(value), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if value < 0 {
		return "-" + digits
	}
	return digits
}

// times says how often something was done.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return grouped(float64(n)) + " times"
}

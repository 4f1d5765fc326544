// Package chart draws charts as tables, in the one form that resources/ui/chart.js describes and resources/ui/chart.css makes pictures of.
// Texts are shown as they are: whoever draws cleans them first.
package chart

import (
	"strconv"

	"make-audit-mcp/internal/markup"
)

// The kinds of chart.
const (
	// Timeline has rows that stand side by side, their values stacked.
	Timeline = "timeline"
	// HeatMap shows values by colour.
	HeatMap = "heatmap"
	// Bars has rows below each other, their values stacked.
	Bars = "bars"
	// Compare is Bars with a line for each value.
	Compare = "compare"
)

// Chart is what is drawn.
type Chart struct {
	Kind    string `json:"kind"`
	Caption string `json:"caption"`
	// Corner says what the rows are.
	Corner  string   `json:"corner"`
	Columns []string `json:"columns"`
	// Sum is the header of a column of sums; empty: there is none.
	Sum string `json:"sum"`
	// Others is the index of the column that holds what has no column; nil if there is none.
	Others *int `json:"others"`
	// Each has a Compare measure each column by itself.
	Each bool  `json:"each"`
	Rows []Row `json:"rows"`
}

// Row is a row of a chart.
type Row struct {
	Name string `json:"name"`
	// Values are one for each column; nil: not covered.
	Values []*int `json:"values"`
	// Sum is in place of the values' sum where it is more than they tell.
	Sum *int `json:"sum"`
	// Least says that the numbers are lower bounds.
	Least bool `json:"least"`
	// Gap is, in place of values, why nothing of the row is covered.
	Gap *string `json:"gap"`
}

const (
	seriesWithColour = 6
	ticks            = 6
	atLeast          = "at least "
)

// Draw writes a chart's figure.
func Draw(w *markup.Writer, c *Chart) {
	w.Begin("figure", "class", "chart "+c.Kind)
	w.Begin("label", "class", "switch")
	w.Void("input", "type", "checkbox")
	w.Text(" as a table")
	w.End()
	w.Begin("div", "class", "scroll", "role", "group", "tabindex", "0", "aria-label", c.Caption)
	w.Begin("table", "role", "table")
	w.Element("caption", c.Caption)
	c.head(w)
	w.Begin("tbody", "role", "rowgroup")
	measures := c.measures()
	step := max(1, (len(c.Rows)+ticks-1)/ticks)
	for i := range c.Rows {
		c.row(w, &c.Rows[i], c.Kind == Timeline && i%step == 0, measures)
	}
	for range 4 { // tbody, table, div, figure
		w.End()
	}
}

func (c *Chart) head(w *markup.Writer) {
	w.Begin("thead", "role", "rowgroup")
	w.Begin("tr", "role", "row")
	w.Element("th", c.Corner, "role", "columnheader", "scope", "col")
	for i, name := range c.Columns {
		w.Begin("th", "role", "columnheader", "scope", "col", "class", c.series(i))
		w.Name(name)
		w.End()
	}
	if c.Sum != "" {
		w.Element("th", c.Sum, "role", "columnheader", "scope", "col", "class", "sum")
	}
	w.End()
	w.End()
}

func (c *Chart) row(w *markup.Writer, row *Row, isTick bool, measures []int) {
	w.Begin("tr", "role", "row", "class", classes(row, isTick))
	w.Begin("th", "role", "rowheader", "scope", "row")
	w.Name(row.Name)
	w.End()
	defer w.End()
	if row.Gap != nil {
		span := len(c.Columns)
		if c.Sum != "" {
			span++
		}
		w.Element("td", "not covered: "+*row.Gap, "role", "cell", "class", "none", "colspan", strconv.Itoa(span))
		return
	}
	bound := ""
	if row.Least {
		bound = atLeast
	}
	for i, value := range row.Values {
		switch {
		case value == nil:
			w.Element("td", "not covered", "role", "cell", "class", "none")
		case c.Sum == "":
			w.Element("td", bound+Number(*value), "role", "cell", "class", c.series(i), "style", share(*value, measures[i]))
		default:
			w.Element("td", Number(*value), "role", "cell", "class", c.series(i), "style", share(*value, measures[i]))
		}
	}
	if c.Sum != "" {
		w.Element("td", bound+Number(row.sum()), "role", "cell", "class", "sum")
	}
}

func classes(row *Row, isTick bool) string {
	text := ""
	for _, class := range []struct {
		holds bool
		name  string
	}{{row.Gap != nil, "gap"}, {isTick, "tick"}, {row.Least, "least"}} {
		switch {
		case !class.holds:
		case text == "":
			text = class.name
		default:
			text += " " + class.name
		}
	}
	return text
}

// series is the class of a column; a heat map's have none.
func (c *Chart) series(index int) string {
	switch {
	case c.Kind == HeatMap:
		return ""
	case index >= seriesWithColour || c.Others != nil && index == *c.Others:
		return "s" + strconv.Itoa(seriesWithColour+1)
	}
	return "s" + strconv.Itoa(index+1)
}

func (r *Row) sum() int {
	if r.Sum != nil {
		return *r.Sum
	}
	sum := 0
	for i := range r.Values {
		sum += r.value(i)
	}
	return sum
}

// value is that of a column; what is not covered counts as 0.
func (r *Row) value(column int) int {
	if column >= len(r.Values) || r.Values[column] == nil {
		return 0
	}
	return *r.Values[column]
}

// measures are, for each column, the value that would fill it.
func (c *Chart) measures() []int {
	measures := make([]int, len(c.Columns))
	all := 0
	for i := range c.Rows {
		row := &c.Rows[i]
		for column := range c.Columns {
			measures[column] = max(measures[column], row.value(column))
			if c.Kind == HeatMap || c.Kind == Compare {
				all = max(all, row.value(column))
			}
		}
		if (c.Kind == Timeline || c.Kind == Bars) && row.Gap == nil {
			all = max(all, row.sum())
		}
	}
	if !c.Each {
		for i := range measures {
			measures[i] = all
		}
	}
	return measures
}

// share is a value in thousandths of what would be full, in whole numbers, so that every language rounds alike.
func share(value, full int) string {
	thousandths := 0
	if value > 0 {
		thousandths = max(1, (2*value*1000+full)/(2*full))
	}
	return "--share:" + strconv.Itoa(thousandths)
}

// Number writes a number with commas between thousands.
func Number(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

package display

import "strings"

const (
	gap = "  " // between columns
	// comfortable is how wide a text may be before other columns make room for it; least is how narrow it may become; a bar is as wide as
	// there is room, between its bounds.
	comfortable, least   = 24, 6
	leastBar, longestBar = 6, 20
)

// grid is a table: rows of cells under titles.
type grid struct {
	columns []column
	rows    [][]cell
	below   [][]string // lines under each row
}

// isRight reports whether a column stands on the right.
func (c *column) isRight() bool { return c.kind == number || c.kind == change }

// isElastic reports whether what a column holds can be cut.
func (c *column) isElastic() bool {
	switch c.kind {
	case text, ref, address, list, changes, powers, data, version:
		return true
	}
	return false
}

// filled takes out columns that say nothing.
func (g *grid) filled() {
	for i := len(g.columns) - 1; i >= 0; i-- {
		says := false
		for _, row := range g.rows {
			says = says || row[i].text != "" || row[i].value != 0
		}
		if !says {
			g.remove(i)
		}
	}
}

func (g *grid) remove(i int) {
	g.columns = append(g.columns[:i:i], g.columns[i+1:]...)
	for r, row := range g.rows {
		g.rows[r] = append(row[:i:i], row[i+1:]...)
	}
}

// natural is how wide each column would like to be.
func (g *grid) natural() []int {
	widths := make([]int, len(g.columns))
	for i := range g.columns {
		widths[i] = widthOf(g.columns[i].title)
		if g.columns[i].kind == bar {
			widths[i] = longestBar
		}
		for _, row := range g.rows {
			widths[i] = max(widths[i], widthOf(row[i].text))
		}
	}
	return widths
}

// fit makes the table as wide as the screen is: the least important columns go, then texts are cut. It returns the titles of what went.
func (g *grid) fit(width int) (widths []int, dropped []string) {
	natural := g.natural()
	if width <= 0 {
		return natural, nil
	}
	wanted := func() []int {
		widths := make([]int, len(natural))
		for i := range natural {
			switch widths[i] = natural[i]; {
			case g.columns[i].kind == bar:
				widths[i] = leastBar
			case g.columns[i].isElastic() && !g.columns[i].wide:
				widths[i] = min(natural[i], comfortable)
			}
		}
		return widths
	}
	drop := func(i int) {
		if title := g.columns[i].title; title != "" {
			dropped = append([]string{strings.ToLower(title)}, dropped...)
		}
		g.remove(i)
		natural = append(natural[:i:i], natural[i+1:]...)
	}
	for widths = wanted(); total(widths) > width; widths = wanted() {
		goes := -1
		for i := range g.columns {
			if g.columns[i].drop > 0 && (goes < 0 || g.columns[i].drop >= g.columns[goes].drop) {
				goes = i
			}
		}
		if goes < 0 {
			break
		}
		drop(goes)
	}
	isElastic := func(i int) bool { return g.columns[i].isElastic() }
	for shrink(widths, width, isElastic); total(widths) > width && len(widths) > 1; shrink(widths, width, isElastic) {
		drop(len(widths) - 1) // on a screen as narrow as that, what stands first has to do
		widths = wanted()
	}
	widths[0] = min(widths[0], width)
	for i := range widths {
		if room := width - total(widths); room > 0 {
			widths[i] = min(natural[i], widths[i]+room)
		}
	}
	return widths, dropped
}

func total(widths []int) int {
	sum := 0
	for _, width := range widths {
		sum += width + len(gap)
	}
	return sum - len(gap)
}

// shrink cuts the widest column, again and again, until all fit or none can be cut any more.
func shrink(widths []int, width int, canBeCut func(int) bool) {
	for total(widths) > width {
		widest := -1
		for i := range widths {
			if canBeCut(i) && widths[i] > least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// lines draws the table.
func (s *Screen) lines(g *grid) (lines, dropped []string) {
	g.filled()
	if len(g.columns) == 0 {
		return nil, nil
	}
	widths, dropped := g.fit(s.Width)
	titles := make([]string, len(g.columns))
	for i := range g.columns {
		titles[i] = s.padded(cell{text: g.columns[i].title, style: strong}, widths[i], g.columns[i].isRight())
	}
	lines = append(lines, s.row(titles))
	for r, row := range g.rows {
		texts := make([]string, len(row))
		for i, c := range row {
			if g.columns[i].kind == bar {
				c.text = s.bar(c.value, g.most(i), widths[i])
			}
			texts[i] = s.padded(c, widths[i], g.columns[i].isRight())
		}
		lines = append(lines, s.row(texts))
		if r < len(g.below) {
			lines = append(lines, g.below[r]...)
		}
	}
	return lines, dropped
}

// row is a line of cells.
func (s *Screen) row(cells []string) string {
	return strings.TrimRight(strings.Join(cells, gap), " ")
}

// most is the largest value of a column.
func (g *grid) most(column int) float64 {
	most := 0.0
	for _, row := range g.rows {
		most = max(most, row[column].value)
	}
	return most
}

// padded is a cell as wide as its column.
func (s *Screen) padded(c cell, columns int, right bool) string {
	text := cut(c.text, columns, s.mark())
	space := strings.Repeat(" ", max(columns-widthOf(text), 0))
	if right {
		return space + s.paint(text, c.style)
	}
	return s.paint(text, c.style) + space
}

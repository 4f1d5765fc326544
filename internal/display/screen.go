package display

import "strings"

// Screen is what results are shown on.
type Screen struct {
	// Width is how many columns there are; 0 means that nothing is cut.
	Width int
	// Colour has what matters coloured, by the escape sequences of terminals.
	Colour bool
	// ASCII keeps what is drawn to ASCII, for terminals that show no more. Names stay as they are.
	ASCII bool
}

// style is how a text stands out; its value is that of the escape sequence.
type style string

const (
	plain  style = ""
	strong style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint colours a text.
func (s *Screen) paint(text string, with style) string {
	if !s.Colour || with == plain || text == "" {
		return text
	}
	return "\x1b[" + string(with) + "m" + text + "\x1b[0m"
}

func (s *Screen) mark() string {
	if s.ASCII {
		return "..."
	}
	return "…"
}

// dot parts facts that stand in one line.
func (s *Screen) dot() string {
	if s.ASCII {
		return " | "
	}
	return " · "
}

func (s *Screen) arrow() string {
	if s.ASCII {
		return " -> "
	}
	return " → "
}

// bar draws a share of so many columns: with eighths of a block, at least one of which stands for what is not zero.
func (s *Screen) bar(value, most float64, columns int) string {
	if value <= 0 || most <= 0 || columns <= 0 {
		return ""
	}
	const eighths = 8
	size := max(1, int(value/most*float64(columns*eighths)+0.5))
	if s.ASCII {
		return strings.Repeat("#", max(1, size/eighths))
	}
	bar := strings.Repeat("█", size/eighths)
	if rest := size % eighths; rest > 0 {
		bar += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return bar
}

// heights draws numbers side by side, each as high as it is large, and as many columns wide.
func (s *Screen) heights(values []float64, columns int) string {
	steps := []rune(" ▁▂▃▄▅▆▇█")
	if s.ASCII {
		steps = []rune(" .:-=+*#@")
	}
	most := 0.0
	for _, value := range values {
		most = max(most, value)
	}
	var line strings.Builder
	for _, value := range values {
		step := 0
		if value > 0 {
			step = max(1, int(value/most*float64(len(steps)-1)+0.5))
		}
		line.WriteString(strings.Repeat(string(steps[step]), columns))
	}
	return line.String()
}

// prose is the width of running text.
func (s *Screen) prose() int {
	const readable = 110
	if s.Width <= 0 || s.Width > readable {
		return readable
	}
	return s.Width
}

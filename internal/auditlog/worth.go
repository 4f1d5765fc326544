package auditlog

// Worth is what a number of an answer tells.
type Worth int

// The worths.
const (
	Exact Worth = iota
	AtLeast
	AtMost
	// About is neither a lower bound nor an upper one.
	About
)

// Worths are those of bounds.
func Worths() []Worth { return []Worth{AtLeast, AtMost, About} }

// WorthOf is that of a number which what was not read may make greater, or smaller.
func WorthOf(greater, smaller bool) Worth {
	switch {
	case greater && smaller:
		return About
	case greater:
		return AtLeast
	case smaller:
		return AtMost
	}
	return Exact
}

// Words stand in front of a number within a text; none for one that is exact.
func (w Worth) Words() string {
	return [...]string{Exact: "", AtLeast: "at least", AtMost: "at most", About: "about"}[w]
}

// Sign stands in front of a number in a table.
func (w Worth) Sign() string {
	return [...]string{Exact: "", AtLeast: "≥", AtMost: "≤", About: "~"}[w]
}

// Said is a number within a text.
func (w Worth) Said(number string) string {
	if w == Exact {
		return number
	}
	return w.Words() + " " + number
}

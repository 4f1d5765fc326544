package schemas

// Result is what every tool's result can do.
type Result interface {
	// Summary returns what the operator's log keeps of the result.
	Summary() Summary
	// Warn adds what to know before relying on the result.
	Warn(warning string)
	// Reword changes the warnings.
	Reword(change func(warning string) string)
}

// Summary is what a result is about and how much it holds.
type Summary struct {
	Organization string // its id; empty if it is about none or several
	Rows         int
}

func reword(warnings []string, change func(string) string) {
	for i, warning := range warnings {
		warnings[i] = change(warning)
	}
}

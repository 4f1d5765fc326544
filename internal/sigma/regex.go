package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	// maxPattern bounds a value of a rule, in bytes.
	maxPattern = 2_000
	// maxRegexSize bounds a regular expression with its repetitions written out, maxRegexSizes all of one load.
	maxRegexSize  = 5_000
	maxRegexSizes = 500_000
)

// compileRegex compiles a regular expression of Go's kind, which takes time linear in the text: at most its size, which is bounded here
// before anything is compiled, times the text's length.
func (l *loader) compileRegex(text, flags string) (*regexp.Regexp, error) {
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	var fault *syntax.Error
	switch {
	case errors.As(err, &fault) && strings.HasPrefix(fault.Expr, "(?"):
		return nil, fmt.Errorf("%w: look-around and the like are not supported here; use two values with |all, or a second selection", err)
	case err != nil:
		return nil, err
	}
	size := regexSize(parsed)
	l.regexSizes += size
	if size > maxRegexSize || l.regexSizes > maxRegexSizes {
		return nil, fmt.Errorf("it is too large with its repetitions written out (at most %d characters, and %d in all rules together); "+
			"use a smaller {n,m}", maxRegexSize, maxRegexSizes)
	}
	return regexp.Compile(text)
}

// regexSize returns how large an expression is with its repetitions written out; more than too much is told as a little more.
func regexSize(parsed *syntax.Regexp) int {
	size := 1
	if parsed.Op == syntax.OpLiteral {
		size = len(parsed.Rune)
	}
	for _, sub := range parsed.Sub {
		size += regexSize(sub)
	}
	if parsed.Op == syntax.OpRepeat {
		size *= max(parsed.Min, parsed.Max, 1)
	}
	return min(size, maxRegexSize+1)
}

// matchesAnything reports whether an expression finds itself in any text, as far as the empty one and a strange one can tell.
func matchesAnything(expression *regexp.Regexp) bool {
	const strange = "~ aZ09\t\u2603\u0416\u4e2d\n_-{}"
	return expression.MatchString("") && expression.MatchString(strings.Repeat(strange, 100))
}

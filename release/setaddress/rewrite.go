package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"make-audit-mcp/release/dist"
)

// rewriter puts one address in the place of another, in any file of the tree.
type rewriter struct{ rules []rule }

// rule is where a part of the address stands: the pattern's only group.
type rule struct {
	pattern *regexp.Regexp
	files   string // the names of the files that it is for; all, if empty
	to      string
}

// newRewriter returns one for a module whose packages lie in folders.
func newRewriter(from, to dist.Address, folders []string) (*rewriter, error) {
	oldMaintainer, err := mail.ParseAddress(from.Maintainer)
	if err != nil {
		return nil, fmt.Errorf("maintainer %q: %w", from.Maintainer, err)
	}
	newMaintainer, err := mail.ParseAddress(to.Maintainer)
	if err != nil {
		return nil, fmt.Errorf("maintainer %q: %w", to.Maintainer, err)
	}
	r := &rewriter{}
	// The module and the npm package may be called as the product is, and so are known by what stands around them only.
	const before = `(?:^|[^\w./@-])`
	r.add(from.Module, to.Module, "", before+`(OLD)/(?:`+strings.Join(folders, "|")+`)\b`, `-local[ =](OLD)\b`,
		`\bgo (?:install|run|get|doc) (OLD)[/@]`)
	r.add(from.Module, to.Module, "go.mod", `(?:^|\s)(OLD)(?:/|\s|$)`)
	r.add(from.Module, to.Module, ".golangci.yml", `(?:pkg: |- )(OLD)(?:/|$)`)
	r.add(from.NPM, to.NPM, "", `\bnpx (?:-y |--yes )?(OLD)\b`, `\bnpm (?:i|install) (?:-g |--global )?(OLD)\b`, `-y["'],\s*["'](OLD)\b`)
	// The others are like nothing else.
	for _, part := range [][2]string{
		{from.Repository, to.Repository}, {from.Image, to.Image}, {from.Registry, to.Registry},
		{oldMaintainer.Address, newMaintainer.Address},
	} {
		r.add(part[0], part[1], "", `(?:^|//|[^\w./@-])(OLD)\b`)
		r.add(url.QueryEscape(part[0]), url.QueryEscape(part[1]), "", `(?:^|%2F%2F|[^\w./@%-])(OLD)\b`)
	}
	return r, nil
}

// add adds patterns in which OLD stands for what is replaced.
func (r *rewriter) add(from, to, files string, patterns ...string) {
	for _, pattern := range patterns {
		pattern = "(?m)" + strings.ReplaceAll(pattern, "OLD", regexp.QuoteMeta(from))
		r.rules = append(r.rules, rule{regexp.MustCompile(pattern), files, to})
	}
}

// rewrite returns the content of the file of that name with the new address.
func (r *rewriter) rewrite(name string, content []byte) []byte {
	type span struct {
		from, to int
		put      string
	}
	var spans []span
	for _, rule := range r.rules {
		if rule.files != "" && rule.files != path.Base(name) {
			continue
		}
		for _, found := range rule.pattern.FindAllSubmatchIndex(content, -1) {
			spans = append(spans, span{found[2], found[3], rule.to})
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return a.from - b.from })
	var written bytes.Buffer
	done := 0
	for _, span := range spans {
		if span.from < done {
			continue // by another rule, too
		}
		written.Write(content[done:span.from])
		written.WriteString(span.put)
		done = span.to
	}
	written.Write(content[done:])
	return written.Bytes()
}

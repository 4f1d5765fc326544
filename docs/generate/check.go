package main

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// prose calls yield with each line of the page outside code.
func (p *page) prose(yield func(number int, line string)) {
	inside := false
	number := 0
	for line := range strings.Lines(p.text) {
		number++
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
			continue
		}
		if !inside {
			yield(number, line)
		}
	}
}

// checkLength returns a problem where README.md is more than five screens.
func checkLength(pages []*page) (problems []string) {
	const most = 250
	for _, page := range pages {
		if lines := strings.Count(page.text, "\n"); page.path == "README.md" && lines > most {
			problems = append(problems, fmt.Sprintf("README.md has %d lines, more than %d: move some of it to docs/", lines, most))
		}
	}
	return problems
}

// anchors returns the anchors of the page's headings, as GitHub makes them.
func (p *page) anchors() map[string]bool {
	anchors := map[string]bool{}
	times := map[string]int{}
	p.prose(func(_ int, line string) {
		level, heading, is := strings.Cut(strings.TrimSpace(line), " ")
		if !is || strings.Trim(level, "#") != "" || level == "" {
			return
		}
		heading = regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(heading, "")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, heading)
		times[anchor]++
		if times[anchor] > 1 {
			anchor += fmt.Sprintf("-%d", times[anchor]-1)
		}
		anchors[anchor] = true
	})
	return anchors
}

// checkLinks returns the links to our own files and anchors that lead nowhere, and the pages that no link from README.md leads to.
func checkLinks(root string, pages []*page) (problems []string) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:href|src|srcset)="([^"]+)"`)
	anchors := map[string]map[string]bool{}
	links := map[string][]string{} // from a page to others
	for _, page := range pages {
		anchors[page.path] = page.anchors()
	}
	for _, page := range pages {
		page.prose(func(number int, line string) {
			for _, found := range link.FindAllStringSubmatch(line, -1) {
				target := found[1] + found[2]
				parsed, err := url.Parse(target)
				if err == nil && (parsed.Scheme != "" || parsed.Host != "") {
					continue
				}
				say := func(problem string) {
					problems = append(problems, fmt.Sprintf("%s:%d: links to %s, %s", page.path, number, target, problem))
				}
				if err != nil {
					say("which is no address")
					continue
				}
				to := page.path
				if parsed.Path != "" {
					to = path.Join(path.Dir(page.path), parsed.Path)
				}
				if _, err = os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
					say("which is not there")
				}
				if parsed.Fragment != "" && !anchors[to][parsed.Fragment] {
					say("which has no such heading")
				}
				links[page.path] = append(links[page.path], to)
			}
		})
	}
	reached := map[string]bool{}
	var follow func(from string)
	follow = func(from string) {
		if !reached[from] {
			reached[from] = true
			for _, to := range links[from] {
				follow(to)
			}
		}
	}
	follow("README.md")
	for _, page := range pages {
		if !reached[page.path] {
			problems = append(problems, page.path+": no link from README.md leads here")
		}
	}
	return problems
}

// checkNames returns the flags and variables that pages for readers name and the program does not have. A flag of another program
// is written with its program: `docker build --build-arg`.
func checkNames(root string, pages []*page) (problems []string, err error) {
	there, err := flagsAndVariables(root)
	if err != nil {
		return nil, err
	}
	variable := regexp.MustCompile(`\b(?:MAKE|MCP)_[A-Z_]+\b`)
	flag := regexp.MustCompile("`--[a-z][a-z-]*")
	for _, page := range pages {
		if !page.isForReaders() {
			continue
		}
		number := 0
		for line := range strings.Lines(page.text) {
			number++
			for _, name := range append(variable.FindAllString(line, -1), flag.FindAllString(line, -1)...) {
				name = strings.TrimPrefix(name, "`")
				if !there[name] {
					problems = append(problems, fmt.Sprintf("%s:%d: there is no %s", page.path, number, name))
				}
			}
		}
	}
	return problems, nil
}

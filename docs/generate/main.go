// Program generate keeps README.md and docs/ true: it fills their tables with what the code says of itself, draws the picture of a
// conversation from an answer of the demo, and checks that links and names lead somewhere.
//
//	go run ./docs/generate         fills the parts between <!-- generated: NAME --> and <!-- /generated -->
//	go run ./docs/generate -check  changes nothing, and fails for a page that is not as it should be
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	isCheck := flag.Bool("check", false, "change nothing, and fail for a page that is not as it should be")
	flag.Parse()
	problems, err := run(context.Background(), ".", *isCheck)
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, problem := range problems {
		_, _ = fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// run fills the pages below root, or says with isCheck which are stale. It returns what else is wrong with them.
func run(ctx context.Context, root string, isCheck bool) (problems []string, err error) {
	parts, err := generated(root)
	if err != nil {
		return nil, err
	}
	pages, err := readPages(root)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	if files[picturePath], err = picture(ctx); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, page := range pages {
		if page.text, err = page.fill(parts, used); err != nil {
			return nil, err
		}
		files[page.path] = page.text
	}
	for name := range parts {
		if !used[name] {
			problems = append(problems, "no page has the part <!-- generated: "+name+" -->")
		}
	}
	for path, text := range files {
		there, err := os.ReadFile(filepath.Join(root, path)) //nolint:gosec // pages of this repository
		switch {
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return nil, err
		case string(there) == text:
		case isCheck:
			problems = append(problems, path+" is not what the code says: run go run ./docs/generate")
		default:
			if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil { //nolint:gosec // pages are for everybody
				return nil, err
			}
		}
	}
	problems = append(problems, checkLength(pages)...)
	problems = append(problems, checkLinks(root, pages)...)
	named, err := checkNames(root, pages)
	problems = append(problems, named...)
	slices.Sort(problems)
	return slices.Compact(problems), err
}

// page is one page of the documentation.
type page struct {
	path string // from the root, with slashes
	text string
}

// readPages reads README.md, the pages of docs/ and those beside README.md, in this order.
func readPages(root string) ([]*page, error) {
	var pages []*page
	for _, pattern := range []string{"README.md", "docs/*.md", "[A-Q]*.md", "[S-Z]*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			text, err := os.ReadFile(path) //nolint:gosec // pages of this repository
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, err
			}
			pages = append(pages, &page{path: filepath.ToSlash(name), text: string(text)})
		}
	}
	return pages, nil
}

// isForReaders reports whether the page is for those who use the program, rather than change or measure it.
func (p *page) isForReaders() bool {
	measured := []string{"docs/benchmarks.md", "docs/detection.md", "docs/evaluation.md"}
	return p.path == "README.md" || strings.HasPrefix(p.path, "docs/") && !slices.Contains(measured, p.path)
}

// fill returns the page with its parts filled, and notes in used which it has.
func (p *page) fill(parts map[string]string, used map[string]bool) (string, error) {
	marked := regexp.MustCompile(`(?s)<!-- generated: (\w+) -->\n.*?<!-- /generated -->`)
	var unknown error
	filled := marked.ReplaceAllStringFunc(p.text, func(part string) string {
		name := marked.FindStringSubmatch(part)[1]
		text, is := parts[name]
		if !is {
			unknown = fmt.Errorf("%s: there is no part %s to be generated", p.path, name)
		}
		used[name] = true
		return "<!-- generated: " + name + " -->\n\n" + strings.TrimSpace(text) + "\n\n<!-- /generated -->"
	})
	return filled, unknown
}

// generated returns all parts by name.
func generated(root string) (map[string]string, error) {
	parts := map[string]string{}
	for _, add := range []func(root string, parts map[string]string) error{addCommands, addServed, addMetrics, addPackages} {
		if err := add(root, parts); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// table writes rows as a table. Cells may hold what would end them.
func table(head []string, rows [][]string) string {
	var text strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			text.WriteString("| " + strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`).Replace(cell) + " ")
		}
		text.WriteString("|\n")
	}
	line(head)
	text.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return text.String()
}

// code marks a name as code; several are parted by commas.
func code(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

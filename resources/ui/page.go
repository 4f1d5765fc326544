package ui

import (
	"embed"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
)

//go:embed view.html ui.css *.js
var files embed.FS

// The parts of view.html that are filled.
const (
	emptyTitle  = "<title></title>"
	emptyStyle  = "<style></style>"
	emptyScript = `<script type="module"></script>`
)

// Page is the page of a view: NAME.js with all that it imports, in one document.
func Page(name, title string) (string, error) {
	page, err := read("view.html")
	if err != nil {
		return "", err
	}
	style, err := read("ui.css")
	if err != nil {
		return "", err
	}
	script, err := Bundle(read, name+".js")
	if err != nil {
		return "", err
	}
	for _, part := range []struct{ empty, text, end string }{
		{emptyTitle, html.EscapeString(title), "</title"}, {emptyStyle, chartStyle + style, "</style"}, {emptyScript, script, "</script"},
	} {
		before, after, found := strings.Cut(page, part.empty)
		if !found {
			return "", fmt.Errorf("view.html has no %s", part.empty)
		}
		if strings.Contains(strings.ToLower(part.text), part.end) || strings.Contains(part.text, "<!--") {
			return "", fmt.Errorf("a part of view %s would end before its end", name)
		}
		open, end, _ := strings.Cut(part.empty, "><")
		page = before + open + ">" + part.text + "<" + end + after
	}
	return page, nil
}

func read(name string) (string, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("resources/ui: %w", err)
	}
	return string(text), nil
}

var (
	// The forms of import and export that modules keep to.
	imported = regexp.MustCompile(`^import \{ ([\w$]+(?:, [\w$]+)*) \} from "\./([a-z]+)\.js";$`)
	exported = regexp.MustCompile(`^export ((?:async )?function|const|class) ([\w$]+)`)
	// moduleWord is what begins any of them; inside of comments it means nothing.
	moduleWord = regexp.MustCompile(`^\s*(import|export)\b|\bimport\s*[.(]`)
	comment    = regexp.MustCompile(`^\s*(\*|/\*\*|//)`)
)

// Bundle makes one script of a module and of what it imports, each in a scope of its own. read gives the text of a module. A form that is
// not known is an error.
func Bundle(read func(name string) (string, error), entry string) (string, error) {
	b := bundler{read: read}
	if err := b.add(entry); err != nil {
		return "", err
	}
	return b.script.String(), nil
}

type bundler struct {
	read    func(name string) (string, error)
	script  strings.Builder
	added   []string
	pending []string
}

// add writes a module behind those that it imports.
func (b *bundler) add(name string) error {
	if slices.Contains(b.added, name) {
		return nil
	}
	if slices.Contains(b.pending, name) {
		return fmt.Errorf("%s imports itself, by %s", name, strings.Join(b.pending, ", "))
	}
	b.pending = append(b.pending, name)
	text, err := b.read(name)
	if err != nil {
		return err
	}
	var body strings.Builder
	var exports []string
	for i, line := range strings.Split(text, "\n") {
		if found := imported.FindStringSubmatch(line); found != nil {
			if err := b.add(found[2] + ".js"); err != nil {
				return err
			}
			fmt.Fprintf(&body, "const { %s } = $%s;\n", found[1], found[2])
			continue
		}
		if found := exported.FindStringSubmatch(line); found != nil {
			exports = append(exports, found[2])
			line = strings.TrimPrefix(line, "export ")
		}
		if moduleWord.MatchString(line) && !comment.MatchString(line) {
			return fmt.Errorf("%s:%d: a form of import or export that is not known: %s", name, i+1, line)
		}
		body.WriteString(line + "\n")
	}
	fmt.Fprintf(&b.script, "const $%s = (() => {\n%sreturn { %s };\n})();\n",
		strings.TrimSuffix(name, ".js"), body.String(), strings.Join(exports, ", "))
	b.pending = b.pending[:len(b.pending)-1]
	b.added = append(b.added, name)
	return nil
}

package setup

import (
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// tomlFormat is TOML. An entry is a table of its own at the end of the file, which needs nothing else to be touched.
type tomlFormat struct{}

func (tomlFormat) called() string { return "TOML" }

func (tomlFormat) decode(text string) (contents, error) {
	if err := shallow(text); err != nil {
		return nil, err
	}
	var held map[string]any
	if err := toml.Unmarshal([]byte(text), &held); err != nil {
		return nil, err
	}
	return asJSON(held)
}

func (tomlFormat) insert(text string, a addition) (string, error) {
	end := newline(text)
	var block strings.Builder
	if text != "" {
		if !strings.HasSuffix(text, "\n") {
			block.WriteString(end)
		}
		block.WriteString(end)
	}
	block.WriteString("[" + tomlKey(a.Under) + "." + tomlKey(a.Name) + "]" + end)
	entry, _ := a.Value.(table)
	for _, m := range entry {
		block.WriteString(tomlKey(m.name) + " = " + tomlValue(m.value) + end)
	}
	return text + block.String(), nil
}

// tomlKey is a key bare where it can be.
func tomlKey(name string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(name) {
		return name
	}
	return tomlValue(name)
}

// tomlValue is a value in one line. TOML's strings and lists are JSON's, but for one character.
func tomlValue(value any) string {
	object, ok := value.(table)
	if !ok {
		return strings.ReplaceAll(compact(value), "\x7f", `\u007F`)
	}
	var pairs []string
	for _, m := range object {
		pairs = append(pairs, tomlKey(m.name)+" = "+tomlValue(m.value))
	}
	return "{ " + strings.Join(pairs, ", ") + " }"
}

func (tomlFormat) remove(text string, a addition) (string, error) {
	var kept []string
	header := regexp.MustCompile(`^\s*\[`)
	ours := regexp.MustCompile(`^\s*\[\s*["']?` + regexp.QuoteMeta(a.Under) + `["']?\s*\.\s*["']?` + regexp.QuoteMeta(a.Name) +
		`["']?\s*[.\]]`)
	var inside []string // lines of the entry that may turn out to belong to what follows
	within := false
	for line := range strings.Lines(text) {
		if header.MatchString(line) {
			if ours.MatchString(line) {
				if !within && len(kept) > 0 && strings.Trim(kept[len(kept)-1], blanks) == "" {
					kept = kept[:len(kept)-1]
				}
				within, inside = true, nil
				continue
			}
			kept, within, inside = append(kept, inside...), false, nil
		}
		switch said := strings.TrimLeft(line, " \t"); {
		case !within:
			kept = append(kept, line)
		case strings.Trim(line, blanks) == "" || said[0] == '#':
			inside = append(inside, line)
		default:
			inside = nil
		}
	}
	return strings.Join(append(kept, inside...), ""), nil
}

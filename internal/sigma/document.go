package sigma

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

const (
	// maxFileBytes, maxFiles and maxDocuments bound what is read.
	maxFileBytes = 256 << 10
	maxFiles     = 1_000
	maxDocuments = 2_000
	// maxNesting bounds how deep lists and maps of a document are nested.
	maxNesting = 20
)

// source is one file while it is read; what is wrong with it goes to the problems of all.
type source struct {
	*problems
	file string
}

func (s source) at(node *yaml.Node, format string, arguments ...any) {
	s.add(s.file, node.Line, format, arguments...)
}

// read returns the file's bytes, if it is an ordinary one of bearable size.
func (s source) read(fsys fs.FS) ([]byte, error) {
	about, err := fs.Stat(fsys, s.file) // Opening a pipe would wait for whoever writes into it.
	switch {
	case err != nil:
		return nil, err
	case !about.Mode().IsRegular():
		return nil, errors.New("is no ordinary file; rules are read from files named *.yml or *.yaml")
	}
	file, err := fsys.Open(s.file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // It was only read.
	text, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if len(text) > maxFileBytes {
		return nil, fmt.Errorf("is larger than %d bytes; split it into several files", maxFileBytes)
	}
	return text, err
}

// documents returns the YAML documents of a file, without those that this package does not read.
func (s source) documents(decoder *yaml.Decoder) []*yaml.Node {
	place := regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	var documents []*yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			words := err.Error()
			found := place.FindStringSubmatch(words)
			line, _ := strconv.Atoi(found[1]) // Of the whole file where none is told. Some are told as the line before.
			s.add(s.file, line, "about here it is not YAML: %s", words[len(found[0]):])
			return documents
		}
		if document.Kind != yaml.DocumentNode || isNull(document.Content[0]) {
			continue // An empty document, as behind a last ---.
		}
		if root := document.Content[0]; s.isPlain(root, 0) {
			documents = append(documents, root)
		}
	}
}

// isPlain reports whether a document is made of lists and of maps whose names are texts, each once. Anchors with aliases are left out: they
// multiply, and rules do without them.
func (s source) isPlain(node *yaml.Node, depth int) bool {
	switch {
	case depth > maxNesting:
		s.at(node, "is nested too deep; at most %d lists and maps may lie in each other", maxNesting)
		return false
	case node.Kind == yaml.AliasNode:
		s.at(node, "the alias *%s is not supported here; write out what it stands for", node.Value)
		return false
	case !slices.Contains([]string{"!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp"}, node.ShortTag()):
		s.at(node, "the type %s is not supported here; accepted: texts, numbers, true, false, null, lists, maps", node.ShortTag())
		return false
	}
	seen := map[string]bool{}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			if child.Kind != yaml.ScalarNode || child.ShortTag() == "!!merge" {
				s.at(child, "a map needs texts for names; write name: value")
				return false
			}
			if seen[child.Value] {
				s.at(child, "%q stands twice in one map; keep one, or make a list of its values", child.Value)
			}
			seen[child.Value] = true
		}
		if !s.isPlain(child, depth+1) {
			return false
		}
	}
	return true
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

// entries calls yield with each name and value of a map.
func entries(node *yaml.Node, yield func(name, value *yaml.Node)) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		yield(node.Content[i], node.Content[i+1])
	}
}

// mapOf reports whether the value is a map that is not empty.
func (s source) mapOf(name, value *yaml.Node) bool {
	if value.Kind != yaml.MappingNode || len(value.Content) == 0 {
		s.at(name, "%s needs a map, as in %s: {name: value}", name.Value, name.Value)
		return false
	}
	return true
}

// text returns the one text of a value.
func (s source) text(name, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode || isNull(value) {
		s.at(name, "%s needs one text, as in %s: words", name.Value, name.Value)
		return ""
	}
	return value.Value
}

// texts returns the texts of a list, or the only one.
func (s source) texts(name, value *yaml.Node) []string {
	texts := []string{}
	for _, node := range listed(value) {
		if node.Kind != yaml.ScalarNode || isNull(node) {
			s.at(node, "%s needs a list of texts, as in %s: [one, two]", name.Value, name.Value)
			return nil
		}
		texts = append(texts, node.Value)
	}
	return texts
}

// choice returns a text that must be one of those that are accepted.
func (s source) choice(name, value *yaml.Node, accepted ...string) string {
	text := s.text(name, value)
	if text != "" && !slices.Contains(accepted, text) {
		s.at(value, "%s %q is unknown; %s", name.Value, text, oneOf(text, accepted))
	}
	return text
}

// flag returns a value that must be true or false.
func (s source) flag(name, value *yaml.Node) bool {
	if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!bool" {
		s.at(name, "%s needs true or false, as in %s: true", name.Value, name.Value)
		return false
	}
	var set bool
	return value.Decode(&set) == nil && set
}

// listed returns the elements of a list, or the value itself.
func listed(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.SequenceNode {
		return value.Content
	}
	return []*yaml.Node{value}
}

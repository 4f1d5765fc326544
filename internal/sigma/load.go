package sigma

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Options say what rules may speak of.
type Options struct {
	// Fields are the names of fields; one that ends in * stands for all that begin so, as "details.*".
	Fields []string
	// Bind, if there is one, is asked for each text that a rule compares a field with, and returns the texts that it stands for: any of
	// them will do. They are written as rules write values, wildcards included. An error refuses the rule.
	Bind func(term Term) ([]string, error)
	// Documents are names of other documents that may lie among the rules: one that has such a name goes to [Set.Documents].
	Documents []string
}

// Term is a text that a rule compares a field with.
type Term struct {
	Rule      *Rule
	Field     string
	Modifiers []string
	Value     string
}

// Set is what was loaded.
type Set struct {
	// Rules stand in the order of layers, files and documents.
	Rules     []*Rule
	Documents []Document

	// correlations are those of the rules, each behind those that it refers to.
	correlations []*Rule
}

// loader collects rules and what is wrong with them.
type loader struct {
	Options
	problems problems
	layer    int
	files    int
	// documents counts the rules and other documents of all files.
	documents int
	// regexSizes is how large all regular expressions are together.
	regexSizes int
	set        Set
	// references says, of each correlation, where it refers to what.
	references map[*Correlation][]reference
}

// Load reads the rules of the files *.yml and *.yaml in each of the file systems, hidden ones aside. A rule of a later layer takes the
// place of an earlier layer's rule with its id. The error joins all that is wrong, each an [Error].
func Load(options Options, layers ...fs.FS) (*Set, error) {
	l := &loader{Options: options, references: map[*Correlation][]reference{}}
	for i, layer := range layers {
		l.layer = i
		l.readLayer(layer)
	}
	l.link()
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return &l.set, nil
}

func (l *loader) readLayer(layer fs.FS) {
	before := l.set.Rules
	l.set.Rules = nil
	_ = fs.WalkDir(layer, ".", func(file string, entry fs.DirEntry, err error) error {
		s := source{&l.problems, file}
		hidden := file != "." && strings.HasPrefix(path.Base(file), ".")
		switch extension := path.Ext(file); {
		case err != nil:
			s.add(file, 0, "cannot be read: %s", err)
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir() && (extension == ".yml" || extension == ".yaml"):
			if l.files++; l.files > maxFiles {
				s.add(file, 0, "is one file too many; at most %d files of rules are read: put several rules into one, with --- between", maxFiles)
				return fs.SkipAll
			}
			l.readFile(s, layer)
		}
		return nil
	})
	kept := slices.DeleteFunc(before, func(old *Rule) bool {
		return slices.ContainsFunc(l.set.Rules, func(rule *Rule) bool { return rule.ID != "" && rule.ID == old.ID })
	})
	l.set.Rules = append(kept, l.set.Rules...)
}

func (l *loader) readFile(s source, layer fs.FS) {
	text, err := s.read(layer)
	if err != nil {
		s.add(s.file, 0, "%s", err)
		return
	}
	for _, root := range s.documents(yaml.NewDecoder(bytes.NewReader(text))) {
		if l.documents++; l.documents > maxDocuments {
			s.at(root, "is one document too many; at most %d are read", maxDocuments)
			return
		}
		if root.Kind != yaml.MappingNode {
			s.at(root, "a rule is a map, as in title: …, detection: …")
			continue
		}
		if name := l.documentName(root); name != "" {
			document := Document{Name: name, File: s.file, Line: root.Line}
			if err := root.Decode(&document.Value); err != nil {
				s.at(root, "%s cannot be read: %s", name, err)
			}
			l.set.Documents = append(l.set.Documents, document)
			continue
		}
		l.set.Rules = append(l.set.Rules, l.rule(s, root))
	}
}

// documentName returns the name that makes a document no rule.
func (l *loader) documentName(root *yaml.Node) (found string) {
	entries(root, func(name, _ *yaml.Node) {
		if found == "" && slices.Contains(l.Documents, name.Value) {
			found = name.Value
		}
	})
	return found
}

// checkField reports a field that there is not.
func (l *loader) checkField(s source, node *yaml.Node, field string) {
	if !isField(l.Fields, field) {
		s.at(node, "the field %q is unknown; %s", field, oneOf(field, l.Fields))
	}
}

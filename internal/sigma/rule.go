package sigma

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Level says how much a rule's matches matter (rules, Level).
type Level string

// The levels, least first. A rule without one has the empty level.
const (
	Informational Level = "informational"
	Low           Level = "low"
	Medium        Level = "medium"
	High          Level = "high"
	Critical      Level = "critical"
)

// Rule is a rule or a correlation of rules, as its author wrote it.
type Rule struct {
	Title, ID, Name, Status, Description, Author string

	Level                                    Level
	References, Fields, FalsePositives, Tags []string

	// Custom is every other part of the document: what the specification knows and this package has no use for, such as logsource and date,
	// and what authors add, which the specification lets them (rules, File Structure).
	Custom map[string]any
	// Correlation is nil in a rule that describes single records.
	Correlation *Correlation
	// Alerts is false where a correlation refers to the rule and does not say generate: then matches are only what it is made of
	// (correlations, Generate).
	Alerts bool

	// Layer is the number of the file system that the rule was read from, File and Line where in it.
	Layer int
	File  string
	Line  int

	detection expression
	// generate is what correlations say that stands beside the correlation, as the schema has it, and not in it.
	generate bool
}

// Matches reports whether the rule describes a record; a correlation describes no single one.
func (r *Rule) Matches(record Record) bool { return r.detection != nil && r.detection.matches(record) }

// Document is a document of a rules directory that is not a rule, but whose first name the caller asked for.
type Document struct {
	Name  string
	Value any
	File  string
	Line  int
}

const maxTitle = 256 // characters (rules, Title)

// rule reads a document. What is wrong is reported, and the rest is read all the same, so that all is found at once.
func (l *loader) rule(s source, root *yaml.Node) *Rule {
	rule := &Rule{File: s.file, Line: root.Line, Layer: l.layer, Custom: map[string]any{}}
	texts := map[string]*string{
		"title": &rule.Title, "id": &rule.ID, "name": &rule.Name, "description": &rule.Description, "author": &rule.Author,
	}
	lists := map[string]*[]string{
		"references": &rule.References, "fields": &rule.Fields, "falsepositives": &rule.FalsePositives, "tags": &rule.Tags,
	}
	parts, bodies := map[string]*yaml.Node{}, map[string]*yaml.Node{}
	entries(root, func(name, value *yaml.Node) {
		parts[name.Value] = value
		switch {
		case texts[name.Value] != nil:
			*texts[name.Value] = s.text(name, value)
		case lists[name.Value] != nil:
			*lists[name.Value] = s.texts(name, value)
		case name.Value == "status":
			rule.Status = s.choice(name, value, "stable", "test", "experimental", "deprecated", "unsupported")
		case name.Value == "level":
			rule.Level = Level(s.choice(name, value, string(Informational), string(Low), string(Medium), string(High), string(Critical)))
		case name.Value == "detection" || name.Value == "correlation":
			if s.mapOf(name, value) {
				bodies[name.Value] = value
			}
		case name.Value == "generate":
			rule.generate = s.flag(name, value)
		case name.Value == "filter":
			s.at(name, "Sigma filters are not supported here; write what is to be left out into the rule, as in: selection and not filter_x")
		default:
			var custom any
			if err := value.Decode(&custom); err != nil {
				s.at(value, "%s cannot be read: %s", name.Value, err)
			}
			rule.Custom[name.Value] = custom
		}
	})
	if rule.Title == "" {
		s.at(root, "the rule has no title; add one, as in title: Key created at night")
	}
	if utf8.RuneCountInString(rule.Title) > maxTitle {
		s.at(parts["title"], "the title is longer than %d characters; say the rest in description", maxTitle)
	}
	for _, field := range rule.Fields {
		l.checkField(s, parts["fields"], field)
	}
	if (parts["detection"] == nil) == (parts["correlation"] == nil) {
		s.at(root, "a rule needs a detection or a correlation, and not both in one document, "+
			"as in detection: {selection: {field: value}, condition: selection}")
	}
	// At last, so that whoever binds its values knows the rule.
	if body := bodies["detection"]; body != nil {
		rule.detection = l.detection(s, rule, body)
	}
	if body := bodies["correlation"]; body != nil {
		rule.Correlation = l.correlation(s, body)
	}
	return rule
}

package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlFormat is YAML. An entry comes right below the key that holds all, in lines of its own.
type yamlFormat struct{}

func (yamlFormat) called() string { return "YAML" }

func (yamlFormat) decode(text string) (contents, error) {
	if err := shallow(text); err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var held any
	if err := decoder.Decode(&held); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !errors.Is(decoder.Decode(new(any)), io.EOF) {
		return nil, errors.New("it holds more than one document")
	}
	switch held := held.(type) {
	case nil:
		return contents{}, nil
	case map[string]any:
		return asJSON(held)
	}
	return nil, errors.New("it holds no mapping, but " + shortened(strings.Trim(text, blanks)))
}

// asJSON is what a format read, as JSON would have read it.
func asJSON(held map[string]any) (contents, error) {
	if _, err := json.Marshal(held); err != nil {
		return nil, errByHand // keys that are no text, or numbers that are none
	}
	object, _ := normal(held).(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	return object, nil
}

func (yamlFormat) insert(text string, a addition) (string, error) {
	end := newline(text)
	key, value, err := yamlUnder(text, a.Under)
	if err != nil {
		return "", err
	}
	indent := "  "
	if key == nil {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += end
		}
		return text + a.Under + ":" + end + yamlLines(a, indent, end), nil
	}
	lines := strings.SplitAfter(text, "\n")
	at := key.Line - 1
	switch {
	case value.Kind == yaml.MappingNode && len(value.Content) > 0 && value.Style&yaml.FlowStyle == 0:
		indent = strings.Repeat(" ", value.Content[0].Column-1)
	case value.Kind == yaml.MappingNode && len(value.Content) == 0 && value.Line == key.Line:
		lines[at] = strings.Replace(lines[at], "{}", "", 1)
		lines[at] = strings.TrimRight(lines[at], blanks) + end
	case value.Tag != "!!null" || value.Value != "":
		return "", errByHand
	}
	if !strings.HasSuffix(lines[at], "\n") {
		lines[at] += end
	}
	lines[at] += yamlLines(a, indent, end)
	return strings.Join(lines, ""), nil
}

func (yamlFormat) remove(text string, a addition) (string, error) {
	key, value, err := yamlUnder(text, a.Under)
	if err != nil || key == nil {
		return text, err
	}
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i+1 < len(value.Content); i += 2 {
		if value.Content[i].Value != a.Name {
			continue
		}
		first, last := value.Content[i].Line, lastLine(value.Content[i+1])
		if len(value.Content) == 2 {
			first = key.Line
		}
		return strings.Join(append(lines[:first-1:first-1], lines[last:]...), ""), nil
	}
	return text, nil
}

// yamlUnder returns a key at the top of a text and its value, or nil.
func yamlUnder(text, name string) (key, value *yaml.Node, err error) {
	if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\u0085\u2028\u2029") {
		return nil, nil, errByHand // these end lines too in YAML
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, nil, err
	}
	if len(root.Content) == 0 {
		return nil, nil, nil
	}
	top := root.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		if top[i].Value == name {
			key, value = top[i], top[i+1]
		}
	}
	return key, value, nil
}

func lastLine(node *yaml.Node) int {
	line := node.Line
	for _, inner := range node.Content {
		line = max(line, lastLine(inner))
	}
	return line
}

// yamlLines is an addition as lines of a block.
func yamlLines(a addition, indent, end string) string {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	_ = encoder.Encode(yamlNode(table{{a.Name, a.Value}})) // nothing in it cannot be written
	var lines strings.Builder
	for line := range strings.Lines(text.String()) {
		lines.WriteString(indent + strings.TrimSuffix(line, "\n") + end)
	}
	return lines.String()
}

func yamlNode(value any) *yaml.Node {
	node := &yaml.Node{}
	object, ok := value.(table)
	if !ok {
		_ = node.Encode(value) // texts, numbers, lists
		return node
	}
	node.Kind = yaml.MappingNode
	for _, m := range object {
		node.Content = append(node.Content, yamlNode(m.name), yamlNode(m.value))
	}
	if len(object) == 0 {
		node.Style = yaml.FlowStyle
	}
	return node
}

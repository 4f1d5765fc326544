package export

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// newNDJSON writes entries as Make gave them.
func newNDJSON(to io.Writer, options Options) func(*auditlog.Entry) error {
	return func(e *auditlog.Entry) error {
		_, err := to.Write(append(rawObject(e, options.organizationOf(e)), '\n'))
		return err
	}
}

// rawObject is the entry as one line of JSON: what Make sent where that was kept, else an object of the same form. Details are a field of
// the object, as in Make's answer to the call for one entry, which is that of the list with details added.
func rawObject(e *auditlog.Entry, organization auditlog.Ref) json.RawMessage {
	if !json.Valid(e.Raw) || !bytes.HasPrefix(bytes.TrimSpace(e.Raw), []byte("{")) {
		return rebuilt(e, organization).json()
	}
	sent := asValue(e.Raw)
	if len(e.Details) == 0 {
		return sent
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(sent, &members) // is an object
	if _, has := members["details"]; has {
		return sent
	}
	// Make's own bytes stay as they are before it.
	return append(appendMember(bytes.TrimSuffix(sent, []byte("}")), member{"details", part(e.Details)}), '}')
}

// asValue is JSON on one line, and a JSON string of what is no JSON. Keys, numbers and escapes stay as they are. Bytes that are not UTF-8,
// of which JSON must consist (RFC 8259, section 8.1), become U+FFFD, or other programs would refuse the line.
func asValue(raw json.RawMessage) json.RawMessage {
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return quoted(string(raw))
	}
	if !utf8.Valid(compact.Bytes()) {
		return json.RawMessage(string([]rune(compact.String())))
	}
	return compact.Bytes()
}

// maxDepth is how deep a part may be nested: more than people write, less than what makes parsers give up on the line around it.
const maxDepth = 100

// part is a value to be put into an object. One that is nested too deep becomes a string with its JSON.
func part(raw json.RawMessage) json.RawMessage {
	value := asValue(raw)
	if depthOf(value) > maxDepth {
		return quoted(string(value))
	}
	return value
}

// depthOf counts the brackets that are open at once in JSON that is valid.
func depthOf(value json.RawMessage) int {
	depth, deepest, inText := 0, 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			inText = !inText
		case inText && c == '\\':
			i++ // whatever it escapes ends no text
		case !inText && (c == '{' || c == '['):
			depth++
			deepest = max(deepest, depth)
		case !inText && (c == '}' || c == ']'):
			depth--
		}
	}
	return deepest
}

// quoted is text as a JSON string, with <, > and & as they are.
func quoted(text string) json.RawMessage {
	value, _ := auditlog.PlainJSON(text) // a string always encodes
	return value
}

// object is a JSON object whose members keep their order. A member without a value is left out.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

func (o object) json() json.RawMessage {
	line := []byte{'{'}
	for _, m := range o {
		if m.value != nil {
			line = appendMember(line, m)
		}
	}
	return append(line, '}')
}

// appendMember adds a member to an object that is not closed yet.
func appendMember(line []byte, m member) []byte {
	if len(line) > 1 {
		line = append(line, ',')
	}
	line = append(line, quoted(m.name)...)
	line = append(line, ':')
	return append(line, m.value...)
}

// rebuilt is the entry in Make's form, from what is known of it. The names of its fields are those of Make's OpenAPI document (GET
// /audit-logs/organization/{organizationId}, snapshot of May 2026).
func rebuilt(e *auditlog.Entry, organization auditlog.Ref) object {
	var team json.RawMessage
	if e.Team != nil {
		team = refValue(*e.Team)
	}
	fields := object{
		{"uuid", textValue(e.UUID)},
		{"createdAt", textValue(instant(e.CreatedAt))},
		{"triggeredAt", textValue(instant(e.TriggeredAt))},
		{"organizationId", idValue(organization.ID)},
		{"organization", refValue(organization)},
		{"eventName", textValue(string(e.Event))},
		{"team", team},
		{"actor", actorValue(e.Actor)},
		{"targetId", textValue(string(e.TargetID))},
		{"version", versionValue(e.Version)},
	}
	details := member{"details", withExtra(valueOf(e.Details), e.Extra["details"])}
	more := maps.Clone(e.Extra)
	delete(more, details.name)
	for i, field := range fields {
		fields[i].value = withExtra(field.value, e.Extra[field.name])
		delete(more, field.name)
	}
	return slices.Concat(fields, sorted(more), object{details})
}

// withExtra puts a field together from what is known of it and what stands under its name in Entry.Extra: its unknown members, or the whole
// where it could not be read.
func withExtra(known, extra json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	switch {
	case extra == nil:
		return known
	case known == nil:
		return part(extra)
	case known[0] != '{' || json.Unmarshal(extra, &members) != nil:
		return known
	}
	var own map[string]json.RawMessage
	_ = json.Unmarshal(known, &own) // is JSON that was made here
	line := bytes.TrimSuffix(known, []byte("}"))
	for _, m := range sorted(members) {
		if _, has := own[m.name]; !has {
			line = appendMember(line, m)
		}
	}
	return append(line, '}')
}

// sorted are a map's members by name, each fit for a line.
func sorted(members map[string]json.RawMessage) object {
	var found object
	for name, value := range members {
		found = append(found, member{name, part(value)})
	}
	order.By(found, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	return found
}

// The values of fields; nil for what is absent.

func valueOf(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	return part(raw)
}

func textValue(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return quoted(text)
}

func idValue(id auditlog.ID) json.RawMessage {
	if _, ok := id.Integer(); ok {
		return json.RawMessage(id)
	}
	return textValue(string(id))
}

func refValue(ref auditlog.Ref) json.RawMessage {
	return objectValue(member{"id", idValue(ref.ID)}, member{"name", textValue(string(ref.Name))})
}

func actorValue(actor *auditlog.Actor) json.RawMessage {
	if actor == nil {
		return nil
	}
	return objectValue(member{"id", idValue(actor.ID)}, member{"name", textValue(string(actor.Name))},
		member{"email", textValue(string(actor.Email))})
}

func versionValue(version *auditlog.Version) json.RawMessage {
	if version == nil {
		return nil
	}
	return objectValue(member{"from", textValue(string(version.From))}, member{"to", textValue(string(version.To))})
}

// objectValue is an object of the members that are there.
func objectValue(members ...member) json.RawMessage {
	value := object(members).json()
	if len(value) == len("{}") {
		return nil
	}
	return value
}

// originalTime is when Make says that the event was triggered, in Make's own writing.
func originalTime(e *auditlog.Entry) string {
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(e.Raw, &sent) // what is no object has no time
	written, has := sent["triggeredAt"]
	var text string
	switch {
	case !has:
		return instant(e.TriggeredAt)
	case json.Unmarshal(written, &text) != nil:
		return string(written) // a number
	}
	return text
}

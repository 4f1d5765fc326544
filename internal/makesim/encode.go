package makesim

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"time"
)

// millisecondTime is how Make writes an instant.
const millisecondTime = "2006-01-02T15:04:05.000Z"

// encoder writes entries as JSON. It is written by hand because a walk of a large log is mostly this.
type encoder struct {
	quirks    Quirks
	directory *directory
	seed      uint64
}

// list writes the records of a page.
func (e encoder) list(out []byte, records []*record) []byte {
	switch {
	case len(records) == 0 && e.quirks.NullWhenEmpty:
		return append(out, "null"...)
	case len(records) == 1 && e.quirks.SingleObject:
		return append(out, e.listItem(records[0])...)
	}
	out = append(out, '[')
	for i, r := range records {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.listItem(r)...)
	}
	return append(out, ']')
}

func (e encoder) listItem(r *record) []byte {
	if r.encoded == nil {
		if n := int64(e.quirks.BrokenRecords); n > 0 && r.number%n == 0 {
			r.encoded = e.garbage(r, r.number/n)
		} else {
			r.encoded = append(e.fields(make([]byte, 0, 512), r, e.triggeredAt(r.TriggeredAt)), '}')
		}
	}
	return r.encoded
}

// garbage is a record that cannot be read, in one form after the other.
func (e encoder) garbage(r *record, turn int64) []byte {
	switch turn % 4 {
	case 1:
		return []byte(`"[object Object]"`)
	case 2:
		return append(e.fields(nil, r, []byte(`"the day before yesterday"`)), '}')
	case 3:
		return []byte(`null`)
	default:
		return []byte(`[` + strconv.FormatInt(r.OrganizationID, 10) + `]`)
	}
}

// detail writes a record with its details.
func (e encoder) detail(r *record) ([]byte, error) {
	details := r.Details
	if details == nil {
		details = map[string]any{}
	}
	encoded, err := json.Marshal(details)
	if err != nil {
		return nil, err
	}
	out := e.fields(nil, r, e.triggeredAt(r.TriggeredAt))
	out = append(out, `,"details":`...)
	out = append(out, encoded...)
	return append(out, '}'), nil
}

// fields writes the fields of an entry, without the closing brace.
func (e encoder) fields(out []byte, r *record, triggeredAt []byte) []byte {
	odd := e.oddity(r)
	out = append(out, `{"uuid":`...)
	out = appendText(out, r.UUID)
	out = append(out, `,"createdAt":"`...)
	out = r.CreatedAt.AppendFormat(out, millisecondTime)
	out = append(out, `","triggeredAt":`...)
	out = append(out, triggeredAt...)
	out = append(out, `,"organizationId":`...)
	out = e.appendID(out, r.OrganizationID, odd)
	out = append(out, `,"organization":{"id":`...)
	out = e.appendID(out, r.OrganizationID, odd)
	out = append(out, `,"name":`...)
	out = appendText(out, e.organizationName(r.OrganizationID))
	out = e.appendUnknown(out, `,"zone":"`+e.directory.zone+`"`)
	out = append(out, `},"eventName":`...)
	out = appendText(out, r.Event)
	out = e.appendTeam(out, r, odd)
	out = e.appendActor(out, r, odd)
	out = e.appendTarget(out, r, odd)
	out = e.appendVersion(out, r, odd)
	return e.appendUnknown(out, `,"ipAddress":"192.0.2.7","source":{"kind":"web","sessionId":null}`)
}

func (e encoder) organizationName(id int64) string {
	if o := e.directory.organizations[id]; o != nil {
		return o.Name
	}
	return ""
}

func (e encoder) appendTeam(out []byte, r *record, odd oddity) []byte {
	if r.TeamID == 0 {
		return e.appendAbsent(out, "team")
	}
	out = append(out, `,"team":{"id":`...)
	out = e.appendID(out, r.TeamID, odd)
	out = append(out, `,"name":`...)
	out = appendText(out, e.directory.teamNames[r.TeamID])
	out = e.appendUnknown(out, `,"type":"standard"`)
	return append(out, '}')
}

func (e encoder) appendActor(out []byte, r *record, odd oddity) []byte {
	if r.Actor == nil {
		return e.appendAbsent(out, "actor")
	}
	out = append(out, `,"actor":{"id":`...)
	out = e.appendID(out, r.Actor.ID, odd)
	out = append(out, `,"name":`...)
	out = appendText(out, r.Actor.Name)
	if r.Actor.Email != "" {
		out = append(out, `,"email":`...)
		out = appendText(out, r.Actor.Email)
	}
	out = e.appendUnknown(out, `,"avatar":null,"tfa":{"status":1}`)
	return append(out, '}')
}

func (e encoder) appendTarget(out []byte, r *record, odd oddity) []byte {
	if r.TargetID == "" {
		return e.appendAbsent(out, "targetId")
	}
	out = append(out, `,"targetId":`...)
	switch odd.target() {
	case 1:
		if n, err := strconv.ParseInt(r.TargetID, 10, 64); err == nil {
			return strconv.AppendInt(out, n, 10)
		}
	case 2:
		return append(appendText(append(out, `{"id":`...), r.TargetID), '}')
	case 3:
		return append(appendText(append(out, '['), r.TargetID), ']')
	case 4:
		return append(out, "null"...)
	case 5:
		return append(out, "true"...)
	}
	return appendText(out, r.TargetID)
}

func (e encoder) appendVersion(out []byte, r *record, odd oddity) []byte {
	if r.VersionFrom == "" && r.VersionTo == "" {
		return e.appendAbsent(out, "version")
	}
	out = append(out, `,"version":`...)
	switch odd.version() {
	case 1:
		return appendText(out, r.VersionTo)
	case 2:
		return append(out, "null"...)
	case 3:
		return append(appendText(append(out, `{"from":null,"to":`...), r.VersionTo), '}')
	case 4:
		return append(out, `{"from":1,"to":2.5}`...)
	}
	out = append(out, '{')
	if r.VersionFrom != "" {
		out = append(appendText(append(out, `"from":`...), r.VersionFrom), ',')
	}
	return append(appendText(append(out, `"to":`...), r.VersionTo), '}')
}

func (e encoder) appendAbsent(out []byte, name string) []byte {
	if !e.quirks.NullActorTeam {
		return out
	}
	return append(append(append(out, `,"`...), name...), `":null`...)
}

func (e encoder) appendUnknown(out []byte, fields string) []byte {
	if !e.quirks.UnknownFields {
		return out
	}
	return append(out, fields...)
}

func (e encoder) appendID(out []byte, id int64, odd oddity) []byte {
	if e.quirks.IDsAsText || odd.idsAsText() {
		out = append(out, '"')
		out = strconv.AppendInt(out, id, 10)
		return append(out, '"')
	}
	return strconv.AppendInt(out, id, 10)
}

func (e encoder) triggeredAt(at time.Time) []byte {
	switch e.quirks.NumericTriggeredAt {
	case TriggeredAtSeconds:
		return strconv.AppendInt(nil, at.Unix(), 10)
	case TriggeredAtMilliseconds:
		return strconv.AppendInt(nil, at.UnixMilli(), 10)
	}
	// Make's example has whole seconds without a fraction.
	layout := millisecondTime
	if at.Nanosecond() == 0 {
		layout = time.RFC3339
	}
	return append(at.AppendFormat([]byte{'"'}, layout), '"')
}

// oddity decides in which ways an entry is odd under [Quirks.OddTypes]; 0 in none. It depends on the seed and the uuid only.
type oddity uint64

func (e encoder) oddity(r *record) oddity {
	if !e.quirks.OddTypes {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(strconv.AppendUint([]byte(r.UUID), e.seed, 10)) // never fails
	return oddity(h.Sum64() | 1)
}

// Every way takes other bits of the hash. About half of the entries stay even in each.
func (o oddity) target() uint64  { return o.way(8, 10) }
func (o oddity) version() uint64 { return o.way(24, 8) }
func (o oddity) idsAsText() bool { return o.way(40, 2) == 1 }

func (o oddity) way(shift, of uint64) uint64 {
	if o == 0 {
		return 0
	}
	return uint64(o) >> shift & 0xffff % of
}

// appendText writes text as a JSON string; plain ASCII, which most of it is, without the detour through encoding/json.
func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			encoded, err := json.Marshal(text)
			if err != nil { // cannot happen: a string always encodes
				return append(out, `""`...)
			}
			return append(out, encoded...)
		}
	}
	out = append(out, '"')
	out = append(out, text...)
	return append(out, '"')
}

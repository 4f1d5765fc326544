package archive

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// objectName is what details call the object that an entry is about.
type objectName struct {
	Object auditlog.Text
	Name   auditlog.Text
}

// namesIn are the names of its object that an entry's details tell. Only the shape
// {"webhookName": "…"} is documented (make-api.md, 7.3), so a member counts that is
// called name, or by the object's last word and name. Those of other objects, such as
// a record's data store, do not.
func namesIn(e *auditlog.Entry) []objectName {
	if e.TargetID == "" || len(e.Details) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(e.Details, &members) != nil {
		return nil
	}
	object := auditlog.Event{Value: e.Event}.Object()
	whole := strings.ReplaceAll(string(object), "_", "")
	last := string(object[strings.LastIndexByte(string(object), '_')+1:])
	var names []objectName
	for key, raw := range members {
		plain := strings.ToLower(strings.ReplaceAll(key, "_", ""))
		var name string
		if plain != "name" && plain != whole+"name" && plain != last+"name" || json.Unmarshal(raw, &name) != nil || name == "" {
			continue
		}
		names = append(names, objectName{Object: object, Name: auditlog.Text(name)})
	}
	return names
}

// IsTarget implements auditlog.TargetNamer.
func (r *Reader) IsTarget(ctx context.Context, id auditlog.Text) (bool, error) {
	var is bool
	err := r.Archive.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM targets WHERE value = ?)", string(id)).Scan(&is)
	return is, r.Archive.explain("reading it", err)
}

// NamedTargets implements auditlog.TargetNamer, by the details that are here.
func (r *Reader) NamedTargets(ctx context.Context, organization auditlog.ID, fits func(name auditlog.Text) bool) ([]auditlog.NamedTarget, error) {
	v, err := r.open(ctx, organization)
	if err != nil || v == nil {
		return nil, err
	}
	var named []auditlog.NamedTarget
	err = eachRow(ctx, r.Archive.db, "SELECT n.target, t.value, n.object, n.name FROM names n JOIN targets t ON t.id = n.target WHERE n.log = ?", v.log, func(rows *sql.Rows) error {
		var target int32
		var id, object, name string
		if err := rows.Scan(&target, &id, &object, &name); err != nil {
			return err
		}
		one := auditlog.NamedTarget{ID: auditlog.Text(id), Object: auditlog.Text(object), Name: auditlog.Text(name)}
		if fits(one.Name) && v.seesTarget(target, one.Object) {
			named = append(named, one)
		}
		return nil
	})
	return named, r.Archive.explain("reading it", err)
}

// seesTarget tells whether any entry about an object may be seen: an id is an object's
// only together with its kind.
func (v *view) seesTarget(target int32, object auditlog.Text) bool {
	if v.rights.Organization {
		return true
	}
	for row, id := range v.rows.target {
		if id == target && (auditlog.Event{Value: v.rows.words.event(v.rows.event[row])}).Object() == object && v.rights.sees(&auditlog.Entry{Team: v.rows.words.ref(v.rows.team[row])}) {
			return true
		}
	}
	return false
}

package detect

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/sigma"
)

// Fields returns the names of what rules can look at. One that ends in * stands for all that begin so.
func Fields() []string {
	return []string{
		"event", "verb", "object", "category", "power", "uuid",
		"actor.id", "actor.name", "actor.email", "actor.type", "team.id", "team.name", "target", "version.from", "version.to", "details.*",
		"hour", "weekday", "lag", "lag_is_usual",
		"actor_is_target", "actor_is_new", "actor_administers", "days_idle", "invited", "promoted", "leaving",
		"event_is_new", "kind_is_new", "team_is_new", "team_is_own", "own_object", "moved",
		"gives_access", "gives_role", "removes_member", "weighty", "outside_hours", "day_off",
	}
}

// valuesOf returns the values of the fields that are the same for all entries of an event, and those of truths by their names.
func valuesOf(n *nature) map[string][]sigma.Value {
	values := map[string][]sigma.Value{}
	for name, held := range map[string][]string{
		"event": {string(n.Value), string(n.Label)}, "verb": {n.verb}, "object": {string(n.object)}, "category": {string(n.Category)},
		"power": {powerName(n.power)}, "true": {"true"}, "false": {"false"},
	} {
		values[name], _ = texts(held...)
	}
	return values
}

// powerName returns the value of the field power.
func powerName(power auditlog.Power) string {
	return [...]string{"none", "webhook", "connection_update", "organization_variable", "deletion", "connection", "credential", "key",
		"organization", "role", "sign_on"}[power]
}

// Field implements [sigma.Record].
func (d *deed) Field(name string) ([]sigma.Value, bool) {
	if values, ok := d.values[name]; ok {
		return values, len(values) > 0
	}
	switch name {
	case "uuid":
		return texts(d.UUID)
	case "actor.id":
		return texts(string(d.by.ID))
	case "actor.name":
		return texts(string(d.by.Name))
	case "actor.email":
		return texts(string(d.by.Email))
	case "actor.type":
		return texts(string(d.by.kind))
	case "team.id":
		return texts(string(d.TeamID()))
	case "team.name":
		if d.Team != nil {
			return texts(string(d.Team.Name))
		}
	case "target":
		return texts(string(d.TargetID))
	case "version.from":
		if d.Version != nil {
			return texts(string(d.Version.From))
		}
	case "version.to":
		if d.Version != nil {
			return texts(string(d.Version.To))
		}
	case "hour":
		return number(d.TriggeredAt.In(d.by.zone).Hour())
	case "weekday":
		return texts(d.TriggeredAt.In(d.by.zone).Weekday().String())
	case "lag":
		if !d.CreatedAt.IsZero() {
			return number(int(d.CreatedAt.Sub(d.TriggeredAt) / time.Second))
		}
	case "days_idle":
		return number(int(d.idle / oneDay))
	case "":
		return texts(string(d.nature.Value), string(d.Label), string(d.Category), string(d.by.ID), string(d.by.Name), string(d.by.Email),
			string(d.TeamID()), string(d.TargetID))
	default:
		if path, ok := strings.CutPrefix(name, "details."); ok {
			return d.detail(path)
		}
		if is, ok := d.circumstance(name); ok {
			return d.values[strconv.FormatBool(is)], true
		}
	}
	return nil, false
}

// circumstance returns a field that holds or does not.
func (d *deed) circumstance(name string) (is, known bool) {
	switch name {
	case "lag_is_usual":
		return !d.isLate, true
	case "actor_is_target":
		return d.IsOfActor(), true
	case "actor_is_new":
		return d.isActorNew, true
	case "actor_administers":
		return d.by.administers, true
	case "invited":
		return d.isInvited, true
	case "promoted":
		return d.isPromoted, true
	case "leaving":
		return d.isLeaving, true
	case "event_is_new":
		return d.isEventNew, true
	case "kind_is_new":
		return d.isKindNew, true
	case "team_is_new":
		return d.isTeamNew, true
	case "team_is_own":
		return d.isTeamOwn, true
	case "own_object":
		return d.isOwn, true
	case "moved":
		return d.isMove, true
	case "gives_access":
		return d.givesAccess(), true
	case "gives_role":
		return d.givesRole(), true
	case "removes_member":
		return d.removesMember(), true
	case "weighty":
		return d.isWeighty(), true
	case "outside_hours":
		return d.isOutside, true
	case "day_off":
		return d.isOffDay, true
	}
	return false, false
}

// detail returns what the details hold at a path of names.
func (d *deed) detail(path string) ([]sigma.Value, bool) {
	if len(d.Details) == 0 {
		return nil, false
	}
	var held any
	if json.Unmarshal(d.Details, &held) != nil {
		return nil, false
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := held.(map[string]any)
		if !ok {
			return nil, false
		}
		if held, ok = object[name]; !ok {
			return nil, false
		}
	}
	return sigma.Of(held), true
}

// texts are the values of a field that the entry has; without any it lacks the field.
func texts(values ...string) ([]sigma.Value, bool) {
	found := make([]sigma.Value, 0, len(values))
	for _, value := range values {
		if value != "" {
			found = append(found, sigma.Value{Text: value})
		}
	}
	return found, len(found) > 0
}

func number(n int) ([]sigma.Value, bool) { return []sigma.Value{{Text: strconv.Itoa(n)}}, true }

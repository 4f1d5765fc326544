package makesim

import (
	"fmt"
	"slices"
	"strconv"
)

// kind is the beginning of an event's value: what it is about.
type kind string

const (
	kindScenario      kind = "scenario"
	kindConnection    kind = "connection"
	kindWebhook       kind = "webhook"
	kindKey           kind = "key"
	kindTeamVariable  kind = "team_variable"
	kindOrgVariable   kind = "organization_variable"
	kindDataStore     kind = "data_store"
	kindRecord        kind = "data_store_record"
	kindDataStructure kind = "data_structure"
	kindFunction      kind = "function"
	kindCredential    kind = "credential_request"
)

// pool is where an object lives.
type pool struct {
	team int64
	kind kind
}

// object is something that people work on. Its id is unique among its kind only.
type object struct {
	pool
	id      string
	name    string
	subtype string
	value   string
	active  bool
	created act
	// reserved objects are left to an incident.
	reserved                  bool
	minor, patch, generations int
}

func (o *object) version() string { return fmt.Sprintf("1.%d.%d", o.minor, o.patch) }

// create makes a new object and logs it.
func (d *demo) create(a act, k kind) *object {
	if d.nextID[k] == 0 {
		d.nextID[k] = 3000 // every kind: a webhook and a scenario may share an id
	}
	id := d.nextID[k]
	d.nextID[k] += int64(1 + d.random.IntN(3))
	o := &object{pool: pool{a.team, k}, id: strconv.FormatInt(id, 10), created: a}
	if k == kindRecord {
		o.id = "rec-" + strconv.FormatInt(id*7919%1_000_003, 36)
	}
	d.name(o, a)
	d.objects[o.pool] = append(d.objects[o.pool], o)
	entry := d.log(a, string(k)+"_created", o.id, d.details(o))
	if k == kindScenario {
		entry.VersionTo = o.version()
	}
	return o
}

// change logs something that happens to an object and leaves it there.
func (d *demo) change(a act, o *object, verb string) {
	a.team = o.team
	before := o.version()
	switch verb {
	case "updated":
		o.generations++
		switch {
		case d.chance(0.1):
			o.minor, o.patch = o.minor+1, 0
		default:
			o.patch++
		}
		if o.value != "" {
			o.value = d.value(o.name)
		}
		if d.chance(0.02) && o.value == "" {
			o.name += " v" + strconv.Itoa(o.generations+1)
		}
	case "activated", "enabled":
		o.active = true
	case "deactivated", "disabled":
		o.active = false
	}
	entry := d.log(a, string(o.kind)+"_"+verb, o.id, d.details(o))
	if o.kind == kindScenario && verb == "updated" {
		entry.VersionFrom, entry.VersionTo = before, o.version()
	}
}

// remove logs that an object is deleted; nothing happens to it afterwards.
func (d *demo) remove(a act, o *object) {
	a.team = o.team
	d.objects[o.pool] = slices.DeleteFunc(d.objects[o.pool], func(other *object) bool { return other == o })
	d.log(a, string(o.kind)+"_deleted", o.id, d.details(o))
}

// name gives a new object what its details show.
func (d *demo) name(o *object, a act) {
	app, topic := oneOf(d, d.words.apps), oneOf(d, d.words.topics)
	switch o.kind {
	case kindScenario:
		o.name = fmt.Sprintf("%s to %s: %s", app, oneOf(d, d.words.apps), topic)
	case kindConnection:
		o.name, o.subtype = app, app
		if a.actor != nil {
			o.name = fmt.Sprintf("%s (%s)", app, firstName(a.actor.Name))
		}
	case kindWebhook:
		o.name, o.subtype, o.active = fmt.Sprintf("%s from %s", topic, app), "gateway-webhook", true
		if d.chance(0.2) {
			o.subtype = "gateway-mailhook"
		}
	case kindKey:
		o.name, o.subtype, o.value = app+" key", "apikeyauth", d.value("")
	case kindTeamVariable, kindOrgVariable:
		o.name, o.subtype = oneOf(d, d.words.variables), "text"
		o.value = d.value(o.name)
	case kindDataStore:
		o.name = topic + " cache"
	case kindRecord:
		o.name = topic + " cache"
	case kindDataStructure:
		o.name = topic + " structure"
	case kindFunction:
		o.name = "format_" + topic
	case kindCredential:
		o.name = fmt.Sprintf("Access to %s for %s", app, topic)
	}
}

// value is the secret or the setting in a key or a variable. What looks like a secret says that it is none.
func (d *demo) value(name string) string {
	switch name {
	case "BASE_URL":
		return fmt.Sprintf("https://api-%d.northwind.example", 1+d.random.IntN(9))
	case "BATCH_SIZE":
		return strconv.Itoa(50 * (1 + d.random.IntN(20)))
	case "VAT_RATE":
		return strconv.Itoa(19 + d.random.IntN(4))
	}
	return fmt.Sprintf("demo-not-a-secret-%016x", d.random.Uint64())
}

// details are what the detail call shows of an object, new at every call.
func (d *demo) details(o *object) map[string]any {
	switch o.kind {
	case kindScenario:
		return map[string]any{"scenarioName": o.name}
	case kindConnection:
		details := map[string]any{"connectionName": o.name, "connectionType": o.subtype}
		if o.subtype == "HTTP" {
			details["authorization"] = "Bearer demo-not-a-secret-" + o.id
		}
		return details
	case kindWebhook:
		return map[string]any{"webhookName": o.name, "webhookType": o.subtype}
	case kindKey:
		return map[string]any{"keyName": o.name, "keyType": o.subtype, "apiKey": o.value}
	case kindTeamVariable, kindOrgVariable:
		return map[string]any{"variableName": o.name, "variableType": o.subtype, "value": o.value}
	case kindDataStore:
		return map[string]any{"dataStoreName": o.name}
	case kindRecord:
		return map[string]any{"dataStoreName": o.name, "recordKey": o.id}
	case kindDataStructure:
		return map[string]any{"dataStructureName": o.name}
	case kindFunction:
		return map[string]any{"functionName": o.name}
	default:
		return map[string]any{"requestName": o.name}
	}
}

// vocabulary is what the demo's names are made of.
type vocabulary struct{ apps, topics, variables []string }

func demoVocabulary() vocabulary {
	return vocabulary{
		apps: []string{"HubSpot", "Slack", "Google Sheets", "Stripe", "SAP", "Salesforce", "Airtable", "Notion", "Jira",
			"Shopify", "Xero", "Zendesk", "Gmail", "Microsoft 365", "HTTP", "PostgreSQL", "Mailchimp", "OpenAI"},
		topics: []string{"invoices", "orders", "leads", "refunds", "shipments", "tickets", "newsletter", "onboarding",
			"payroll", "returns", "stock levels", "contracts", "campaigns", "faktury", "envíos", "Rechnungen", "réclamations"},
		variables: []string{"STRIPE_SECRET", "BASE_URL", "BATCH_SIZE", "VAT_RATE", "SAP_PASSWORD", "SLACK_TOKEN", "SMTP_LOGIN"},
	}
}

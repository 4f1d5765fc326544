package makesim

import (
	"cmp"
	"encoding/json"
)

// organizationColumns are what cols[] may ask for; the first ones are there by default.
func organizationColumns() (byDefault, all []string) {
	all = []string{"id", "name", "timezoneId", "zone", "countryId", "license", "serviceName", "teams", "isPaused",
		"externalId", "productName", "tfaEnforced"}
	return all[:4], all
}

func (c *call) listOrganizations() ([]byte, error) {
	d := c.server.directory
	byDefault, all := organizationColumns()
	columns := c.query.columns(byDefault, all)
	paging := c.query.directoryPage("name", "id")
	zone, inZone := c.query.text("zone")
	c.query.accept(pagingNames("cols", "zone", "externalId")...)
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	var found []*Organization
	for i := range d.world.Organizations {
		o := &d.world.Organizations[i]
		if d.isMember(c.caller.user.ID, o.ID) && (!inZone || o.Zone == zone) {
			found = append(found, o)
		}
	}
	rows := []row{}
	for _, o := range pageOf(paging, found, func(by string, a, b *Organization) int {
		if by == "id" {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(a.Name, b.Name)
	}) {
		rows = append(rows, d.organizationRow(o).only(columns))
	}
	return json.Marshal(struct {
		Organizations []row           `json:"organizations"`
		PG            directoryPaging `json:"pg"`
	}{rows, paging})
}

func (c *call) showOrganization(id int64) ([]byte, error) {
	d := c.server.directory
	o, ok := d.served(id)
	if !ok {
		return nil, notFound()
	}
	if !d.isMember(c.caller.user.ID, id) {
		return nil, forbidden()
	}
	_, all := organizationColumns()
	columns := c.query.columns(all, all)
	c.query.accept("cols")
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	return json.Marshal(row{{"organization", d.organizationRow(o).only(columns)}})
}

// organizationRow is all of an organization. What belongs to another zone is known by name only.
func (d *directory) organizationRow(o *Organization) row {
	r := row{
		{"id", o.ID}, {"name", o.Name}, {"timezoneId", timezoneID(o.Timezone)}, {"zone", o.Zone}, {"countryId", 1},
	}
	if _, served := d.served(o.ID); !served {
		return r
	}
	license := row{{"teams", len(o.Teams)}, {"users", len(d.organizationUsers(o.ID))}}
	if o.APILimit > 0 {
		license = append(license, column{"apiLimit", o.APILimit})
	}
	if o.AuditLogsDays > 0 {
		license = append(license, column{"auditLogsDays", o.AuditLogsDays})
	}
	if o.HasCustomRoles {
		license = append(license, column{"customRoles", true})
	}
	teams := []row{}
	for _, t := range o.Teams {
		teams = append(teams, row{{"id", t.ID}, {"name", t.Name}})
	}
	return append(r, row{
		{"license", license}, {"serviceName", "default"}, {"teams", teams}, {"isPaused", false}, {"externalId", nil},
		{"productName", "Make"}, {"tfaEnforced", false},
	}...)
}

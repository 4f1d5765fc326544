package question

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// OrganizationError says that it is not clear, or not possible, which organization a question is about.
type OrganizationError struct {
	Problem string
	Known   []auditlog.Organization
}

func (e *OrganizationError) Error() string {
	known := make([]string, 0, len(e.Known))
	for _, organization := range e.Known {
		where := ""
		if !organization.Here {
			where = ", in zone " + organization.Zone.Clean()
		}
		if len(known) == 20 {
			known = append(known, fmt.Sprintf("and %d more", len(e.Known)-20))
			break
		}
		known = append(known, fmt.Sprintf("%s (%s%s)", auditlog.Text(organization.ID), organization.Name.Quote(), where))
	}
	list := "none is visible with this key"
	if len(known) > 0 {
		list = "visible with this key: " + strings.Join(known, "; ")
	}
	return "organization_id: " + e.Problem + "; " + list
}

// CallersMistake reports that other arguments would help.
func (*OrganizationError) CallersMistake() bool { return true }

// ResolveOrganization finds the organization that a question is about: the one named, else the default, else the only one there is.
func (r *Resolver) ResolveOrganization(ctx context.Context, id auditlog.ID) (auditlog.Organization, error) {
	all, err := r.Directory.Organizations(ctx)
	if err != nil {
		return auditlog.Organization{}, err
	}
	asked := id
	if asked == "" {
		asked = r.Organization
	}
	if asked == "" {
		return r.onlyOrganization(ctx, all)
	}
	for _, organization := range all {
		if organization.ID != asked {
			continue
		}
		if !organization.Here {
			return auditlog.Organization{}, &OrganizationError{Problem: fmt.Sprintf("organization %s lives in another zone; set "+
				"MAKE_ZONE to that zone, with a key of that zone", asked), Known: all}
		}
		return organization, nil
	}
	problem := fmt.Sprintf("organization %s is not visible with this key", auditlog.Text(asked).Quote())
	if id == "" {
		problem += " (it is the default, from MAKE_ORGANIZATION_ID)"
	}
	return auditlog.Organization{}, &OrganizationError{Problem: problem, Known: all}
}

// maxProbed bounds the organizations that are asked to find the only one whose log can be read.
const maxProbed = 5

// onlyOrganization finds the one organization that a question can be about: the only one in this zone, or the only one there whose log can
// be read.
func (r *Resolver) onlyOrganization(ctx context.Context, all []auditlog.Organization) (auditlog.Organization, error) {
	here := slices.DeleteFunc(slices.Clone(all), func(o auditlog.Organization) bool { return !o.Here })
	switch {
	case len(here) == 0:
		return auditlog.Organization{}, &OrganizationError{Problem: "this key sees no organization in this zone", Known: all}
	case len(here) == 1:
		return here[0], nil
	case len(here) > maxProbed:
		return auditlog.Organization{}, &OrganizationError{Problem: "several organizations are visible, so name one", Known: here}
	}
	var readable []auditlog.Organization
	for _, organization := range here {
		access, err := r.Directory.Access(ctx, organization.ID)
		if err != nil {
			return auditlog.Organization{}, err
		}
		if access.Readable() {
			readable = append(readable, organization)
		}
	}
	if len(readable) == 1 {
		return readable[0], nil
	}
	return auditlog.Organization{}, &OrganizationError{Problem: "several organizations are visible, so name one", Known: here}
}

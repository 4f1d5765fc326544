package resources

import (
	"context"
	"fmt"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
)

// The addresses of the resources; those with parts are templates.
const (
	OrganizationsURI    = "make://organizations"
	ArchiveStatusURI    = "make://archive/status"
	DetectionRulesURI   = "make://detection-rules"
	OrganizationFilters = "make://organizations/{organization_id}/audit-log-filters"
	TeamFilters         = "make://teams/{team_id}/audit-log-filters"
	EntryOfOrganization = answer.EntryAddress

	organizationPart = "organization_id"
	teamPart         = "team_id"
	uuidPart         = "uuid"
	maxAddressPart   = 128
)

// address holds the parts of a resource's address. They are whatever the client wrote: empty, "..", or with a decoded slash.
type address map[string]any

// AddressError says that a part of a resource's address cannot be used.
type AddressError struct {
	Part  string
	Value string
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s %s cannot be used in a resource's address: ids are letters, digits, - and _, e.g. "+
		"make://organizations/4721/audit-log-filters", e.Part, auditlog.Text(e.Value).Quote())
}

// CallersMistake reports that other arguments would help.
func (*AddressError) CallersMistake() bool { return true }

// part returns a part that can be used in a request to Make.
func (a address) part(name string) (string, error) {
	value := ""
	switch given := a[name].(type) {
	case string:
		value = given
	case []string:
		if len(given) == 1 {
			value = given[0]
		}
	}
	if !auditlog.ID(value).IsPlain() || len(value) > maxAddressPart {
		return "", &AddressError{Part: name, Value: value}
	}
	return value, nil
}

func (a address) organization(ctx context.Context, service *analysis.Service) (auditlog.Organization, error) {
	id, err := a.part(organizationPart)
	if err != nil {
		return auditlog.Organization{}, err
	}
	return service.ResolveOrganization(ctx, auditlog.ID(id))
}

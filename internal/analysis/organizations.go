package analysis

import (
	"context"
	"errors"
	"time"

	"make-audit-mcp/internal/auditlog"
)

const (
	// maxOrganizationsListed bounds the organizations of an overview.
	maxOrganizationsListed = 50
	// MaxOrganizationsAsked bounds how many of them are asked for what may be read of them.
	MaxOrganizationsAsked = 20
)

// Overview is what a credential sees.
type Overview struct {
	Account auditlog.Account
	// Location is the zone in which the account's days are meant.
	Location *time.Location
	// Organizations are the first of the account's, Total counts all.
	Organizations []OrganizationAccess
	Total         int
}

// OrganizationAccess is an organization and what may be read of it. Access is nil where the organization is served by another instance,
// where Failure says why it is not known, and where too many came before.
type OrganizationAccess struct {
	auditlog.Organization
	Access  *auditlog.Access
	Failure error
}

// Overview returns what the credential sees. An organization that cannot be asked does not fail the others.
func (s *Service) Overview(ctx context.Context) (*Overview, error) {
	account, err := s.Directory.Account(ctx)
	if err != nil {
		return nil, err
	}
	location, err := s.ResolveLocation(ctx, "")
	if err != nil {
		return nil, err
	}
	all, err := s.Directory.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	overview := &Overview{Account: account, Location: location, Total: len(all)}
	asked, answered := 0, 0
	var failure error
	for _, organization := range all[:min(len(all), maxOrganizationsListed)] {
		seen := OrganizationAccess{Organization: organization}
		if organization.Here && asked < MaxOrganizationsAsked {
			asked++
			seen.Access, seen.Failure = s.Directory.Access(ctx, organization.ID)
			if seen.Failure == nil {
				answered++
			} else {
				failure = seen.Failure
			}
		}
		overview.Organizations = append(overview.Organizations, seen)
	}
	if failure != nil && (answered == 0 || errors.Is(failure, context.Canceled)) {
		return nil, failure
	}
	return overview, nil
}

// ArchiveStatus is what the archive holds of the logs that the credential may read.
type ArchiveStatus struct {
	auditlog.ArchiveStatus
	// Location is the zone in which the account's days are meant.
	Location *time.Location
}

// ArchiveStatus returns the status of the archive; nil if there is none.
func (s *Service) ArchiveStatus(ctx context.Context) (*ArchiveStatus, error) {
	keeper, ok := s.Directory.(auditlog.ArchiveKeeper)
	if !ok {
		return nil, nil
	}
	location, err := s.ResolveLocation(ctx, "")
	if err != nil {
		return nil, err
	}
	status, err := keeper.ArchiveStatus(ctx)
	if err != nil {
		return nil, err
	}
	return &ArchiveStatus{ArchiveStatus: *status, Location: location}, nil
}

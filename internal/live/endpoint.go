package live

import (
	"context"
	"sync"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// endpoint is one of Make's lists: the organization's, or a team's.
type endpoint struct {
	organization auditlog.ID
	team         auditlog.ID // empty: the organization's own list
}

func (e endpoint) fetch(ctx context.Context, client *makeapi.Client, options makeapi.ListOptions) (*makeapi.AuditLogPage, error) {
	if e.team == "" {
		return client.AuditLogs.ListOrganization(ctx, makeapi.ID(e.organization), options)
	}
	return client.AuditLogs.ListTeam(ctx, makeapi.ID(e.organization), makeapi.ID(e.team), options)
}

// pageSizes is what an instance has shown of its pages, by kind of list.
type pageSizes struct {
	mu                 sync.Mutex
	organization, team pageSize
}

// Pages are asked for as large as Make's neighbouring calls allow, and smaller where that is refused.
const (
	largePage = 1000
	smallPage = 100
)

type pageSize struct {
	ask      int
	accepted int // the largest limit that was answered; 0: none yet
	largest  int // the largest page received; 0: none yet
}

func (p *pageSizes) get(e endpoint) pageSize {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *p.of(e)
}

func (p *pageSizes) received(e endpoint, limit, rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := p.of(e)
	size.accepted, size.largest = max(size.accepted, limit), max(size.largest, rows)
}

// refused notes that a call with a limit was refused, which may mean its size; it reports whether a smaller page is worth asking for. Where
// that is refused as well, it was not the size.
func (p *pageSizes) refused(e endpoint, limit int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := p.of(e)
	switch {
	case limit <= size.accepted:
		return false
	case limit > smallPage:
		size.ask = smallPage
		return true
	}
	size.ask = largePage
	return false
}

func (p *pageSizes) of(e endpoint) *pageSize {
	if e.team != "" {
		return &p.team
	}
	return &p.organization
}

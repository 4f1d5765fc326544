package question

import (
	"context"
	"errors"

	"make-audit-mcp/internal/auditlog"
)

// peopleMatcher matches the names of people; it reads a few entries for a name that the catalog does not know, once.
type peopleMatcher struct {
	resolver *Resolver
	catalog  *auditlog.Catalog
	query    *auditlog.Query
	observed []auditlog.Actor
	hasRead  bool
}

func (p *peopleMatcher) match(ctx context.Context, want string) (auditlog.Actor, error) {
	actor, err := MatchActor(p.catalog, want, p.observed)
	var unknown *NameError
	if p.hasRead || !errors.As(err, &unknown) || unknown.Ambiguous {
		return actor, err
	}
	p.hasRead = true
	p.readActors(ctx)
	return MatchActor(p.catalog, want, p.observed)
}

// maxEntriesForActors is how many entries are read to find someone by name whom the catalog does not know: about a page of Make's.
const maxEntriesForActors = 1000

// readActors reads the newest entries of the query's window for who acted in them: people who have left are in no catalog. If nothing can
// be read, the name stays unknown, which is said.
func (p *peopleMatcher) readActors(ctx context.Context) {
	if !p.query.Window.From.Before(p.query.Window.To) {
		return
	}
	count := 0
	recent := auditlog.Query{Organization: p.query.Organization, Window: p.query.Window, Want: maxEntriesForActors}
	_, err := p.resolver.Reader.Read(ctx, recent, func(*auditlog.Entry) bool {
		count++
		return count < maxEntriesForActors
	})
	if err == nil {
		p.observed = p.resolver.Directory.ObservedActors(ctx, p.query.Organization.ID)
	}
}

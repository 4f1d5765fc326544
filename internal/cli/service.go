package cli

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
)

// serviceOf returns the service of the caller that a request's context belongs to.
type serviceOf func(ctx context.Context) (*analysis.Service, error)

// operatorService answers everybody with the operator's key. Whatever keeps it from answering (no key, say) is said by each tool call, since
// clients show a server that does not start only as failed. The error is that reason, and the upstream is nil then; the service is usable
// all the same.
func (r *runtime) operatorService(create bool) (serviceOf, *upstream, error) {
	operator, err := r.operator(create)
	if err != nil {
		return func(context.Context) (*analysis.Service, error) { return nil, err }, nil, err
	}
	return sameForAll(operator.service), operator, nil
}

// sameForAll gives everybody the same service.
func sameForAll(service *analysis.Service) serviceOf {
	return func(context.Context) (*analysis.Service, error) { return service, nil }
}

// explain puts an error into words, as the tools do.
func explain(err error) string { return answer.Explain(err) }

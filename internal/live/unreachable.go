package live

import (
	"errors"
	"net"
	"net/url"

	"make-audit-mcp/makeapi"
)

// IsUnreachable reports whether an error means that Make could not be asked, rather than that it refused.
func IsUnreachable(err error) bool {
	var answer *makeapi.Error
	if errors.As(err, &answer) {
		return makeapi.IsKind(err, makeapi.KindUnavailable, makeapi.KindRateLimit, makeapi.KindNotJSON)
	}
	var onTheWay *url.Error
	var network net.Error
	return errors.As(err, &onTheWay) || errors.As(err, &network)
}

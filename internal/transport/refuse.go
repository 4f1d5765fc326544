package transport

import "context"

// Refuse has the error that a handler returns go out with a JSON-RPC code of its
// own: mcp-go sends every one as an internal error. It does nothing where ctx
// belongs to no request of this package.
func Refuse(ctx context.Context, code int) {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		current.errorCode.Store(int64(code))
	}
}

package auth

import "context"

// callerKey is the key under which a context holds its caller.
type callerKey struct{}

// NewContext returns a context that belongs to a caller.
func NewContext(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// FromContext returns whom a context belongs to, if anybody was asked.
func FromContext(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(Caller)
	return caller, ok
}

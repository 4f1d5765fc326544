package postgres

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of failures (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	uniqueViolation      = "23505"
	readOnlyTransaction  = "25006"
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
	noSuchStatement      = "26000"
	planChanged          = "0A000"
	noSuchDatabase       = "3D000"
	noSuchSchema         = "3F000"
	serializationFailure = "40001"
	deadlock             = "40P01"
	noRight              = "42501"
	noSuchColumn         = "42703"
	noSuchTable          = "42P01"
	duplicateSchema      = "42P06"
	duplicateTable       = "42P07"
	duplicateObject      = "42710"
	diskFull             = "53100"
	tooManyConnections   = "53300"
	lockTimeout          = "55P03"
	cancelled            = "57014"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	ofConnections        = "08" // the class
)

// codeOf is the code of a failure that the server reported; empty for others.
func codeOf(err error) string {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code
	}
	return ""
}

// isAway reports that the server cannot be reached, or went away.
func isAway(err error) bool {
	switch code := codeOf(err); {
	case code == adminShutdown, code == crashShutdown, code == cannotConnectNow, strings.HasPrefix(code, ofConnections):
		return true
	case code != "":
		return false
	}
	_, isConnecting := errors.AsType[*pgconn.ConnectError](err)
	_, isOfNetwork := errors.AsType[net.Error](err)
	return isConnecting || isOfNetwork || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed)
}

// passes reports that the same may succeed when it is tried again.
func passes(err error) bool {
	switch codeOf(err) {
	case serializationFailure, deadlock, tooManyConnections, noSuchStatement, planChanged:
		return true
	}
	return isAway(err)
}

// persist does something again while it fails for a reason that passes.
func (s *Store) persist(ctx context.Context, do func() error) error {
	return s.persistWhile(ctx, passes, do)
}

// persistWhile does something again while it fails for such a reason. While the store is opened, a server that is away is no reason to
// wait: whoever starts the program wants to know.
func (s *Store) persistWhile(ctx context.Context, such func(error) bool, do func() error) error {
	const first, longest = 20 * time.Millisecond, time.Second
	begun := time.Now()
	for wait := first; ; wait = min(2*wait, longest) {
		err := do()
		if err == nil || ctx.Err() != nil || !such(err) || s.id == "" && isAway(err) || time.Since(begun)+wait > s.options.Retry {
			return err
		}
		if isAway(err) {
			s.pool.dropIdle() // they are as broken
			s.changing.dropIdle()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // so that many do not come at once
		}
	}
}

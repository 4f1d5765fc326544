package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"make-audit-mcp/internal/archive"
)

// What to do next about an archive that is not as this program wrote it.
const (
	nextVerify  = "run make-audit-mcp verify; restore a backup if it finds damage"
	nextRestore = "restore a backup, which make-audit-mcp verify proves, or fill another schema (search_path=NAME in its address) by " +
		"make-audit-mcp sync with what Make still keeps"
	nextRights = "connect as a role that has them; docs/archive.md has the statements that grant them"
	nextUser   = "check the user in its address, and the password in PGPASSFILE (mode 0600) or PGPASSWORD"
)

// explain says what a failure means for whoever runs the program.
func (s *Store) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	for _, is := range []func(error) bool{isA[*archive.StoreError], isA[*archive.BusyError], isA[*archive.ConflictError],
		isA[*archive.WorldError]} {
		if is(err) {
			return err
		}
	}
	const kept = "; what was stored before is kept"
	problem, next := doing+" failed", nextVerify
	switch codeOf(err) {
	case invalidAuthorization, invalidPassword:
		problem, next = "it does not let this user in", nextUser
	case noSuchDatabase:
		problem, next = "there is no such database", "create it, or correct its name"
	case noRight:
		problem, next = "this role lacks the rights", nextRights
	case noSuchSchema, noSuchTable, noSuchColumn:
		problem, next = "its tables are not those of this program", nextRestore
	case readOnlyTransaction:
		problem, next = "it is read only, as a replica is"+kept, "name the primary; target_session_attrs=read-write behind several hosts finds it"
	case diskFull:
		problem, next = "its disk is full"+kept, "free space there and run the command again"
	case tooManyConnections:
		problem, next = "it has no connection left", "raise max_connections there, or lower pool_max_conns in the address of each process"
	case serializationFailure, deadlock:
		problem, next = "others changed the same again and again"+kept, "run the command again"
	case lockTimeout:
		problem, next = "something else holds a lock on it"+kept, "end that (pg_stat_activity and pg_locks name it) and run the command again"
	case cancelled:
		problem, next = "a statement took longer than it may"+kept, "look at the server's load, or give statement_timeout=MILLISECONDS in its address"
	default:
		return s.explainConnection(problem, next, err)
	}
	return s.refuse(problem, next, err)
}

// explainConnection is about what the server did not report.
func (s *Store) explainConnection(problem, next string, err error) error {
	if !isAway(err) {
		return s.refuse(problem, next, err)
	}
	away := &archive.StoreError{Store: s.name, Problem: "it cannot be reached, or the connection broke", IsAway: true, Err: err,
		Next: "check that PostgreSQL runs there and its address is right, and try again; what was stored before is kept"}
	if isA[*tls.CertificateVerificationError](err) || isA[x509.UnknownAuthorityError](err) || isA[x509.HostnameError](err) {
		away.Problem, away.Next = "the server does not prove to be the one that is meant", "name the certificate authority by "+
			"sslrootcert=FILE in its address or PGSSLROOTCERT, and the host by the name in its certificate"
	}
	return away
}

func isA[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}

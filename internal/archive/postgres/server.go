package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
)

// Server is what the server says of itself, and of what this process may do there.
type Server struct {
	// Version is PostgreSQL's, or that of what speaks its protocol.
	Version string
	// Role is who is connected.
	Role string
	// IsStandby says that it follows another server; IsReadOnly that nothing can be written here, for this or another reason.
	IsStandby, IsReadOnly bool
	// TLS is the version of TLS that the connection has; empty for one within this machine that has none.
	TLS string
	// LackToFill and LackToShare are the rights that the role lacks to fill the archive, and to share the budget of calls to Make.
	LackToFill, LackToShare []string
	// Term is that of the last lease to fill the archive, IsHeld whether a process holds it now.
	Term   int64
	IsHeld bool
}

// right is one of a table, or of columns of it.
type right struct{ table, privilege, columns string }

// rightsToFill and rightsToShare are those of docs/archive.md, beyond to read everything.
func rightsToFill() []right {
	return []right{
		{"records", "INSERT", ""}, {"entries", "INSERT", ""}, {"words", "INSERT", ""}, {"names", "INSERT", ""}, {"logs", "INSERT", ""},
		{"checkpoints", "INSERT", ""},
		{"entries", "UPDATE", "at, event, actor, team, target, record, details"}, {"names", "UPDATE", "record"},
		{"logs", "UPDATE", "state, known"}, {"leases", "UPDATE", "term, holder, until"}, {"archive", "UPDATE", "head"},
	}
}

func rightsToShare() []right {
	return []right{{"budget", "INSERT", ""}, {"budget", "UPDATE", "value"}}
}

// String is the right as it is granted.
func (r right) String() string {
	if r.columns == "" {
		return r.privilege + " on " + r.table
	}
	return fmt.Sprintf("%s (%s) on %s", r.privilege, r.columns, r.table)
}

// condition is one that holds where the role has the right.
func (r right) condition() string {
	if r.columns == "" {
		return fmt.Sprintf("has_table_privilege('%s', '%s')", r.table, r.privilege)
	}
	var all []string
	for column := range strings.SplitSeq(r.columns, ", ") {
		all = append(all, fmt.Sprintf("has_column_privilege('%s', '%s', '%s')", r.table, column, r.privilege))
	}
	return strings.Join(all, " AND ")
}

// Server asks the server. Its words are nobody's secrets.
func (s *Store) Server(ctx context.Context) (*Server, error) {
	var found *Server
	err := s.persist(ctx, func() error {
		of, release, err := s.pool.acquire(ctx)
		if err != nil {
			return err
		}
		defer release()
		found, err = s.ask(ctx, of)
		return err
	})
	return found, s.explain(ctx, "reading it", err)
}

func (s *Store) ask(ctx context.Context, of *connection) (*Server, error) {
	rights := append(rightsToFill(), rightsToShare()...)
	selected := []string{"current_setting('server_version')", "current_user::text", "pg_is_in_recovery()::text",
		"current_setting('transaction_read_only')", "l.term::text", "(l.until > clock_timestamp())::text"}
	for _, r := range rights {
		selected = append(selected, "("+r.condition()+")::text")
	}
	row, err := first(each(ctx, reads{store: s, within: of}, func(all *[]string, row values) {
		*all = nil
		for i := range row {
			*all = append(*all, row.text(i))
		}
	}, "SELECT "+strings.Join(selected, ", ")+" FROM leases l WHERE l.name = $1", leaseToFill))
	if err != nil {
		return nil, err
	}
	if len(row) != len(selected) {
		return nil, s.refuse("its lease "+leaseToFill+" is gone", nextRestore, nil)
	}
	found := &Server{Version: row[0], Role: row[1], IsStandby: row[2] == "true", IsReadOnly: row[3] == "on", IsHeld: row[5] == "true"}
	if _, err := fmt.Sscan(row[4], &found.Term); err != nil {
		return nil, s.refuse("the term of its lease "+leaseToFill+" is no number", nextRestore, nil)
	}
	if secure, is := of.Conn().(*tls.Conn); is {
		found.TLS = tls.VersionName(secure.ConnectionState().Version)
	}
	const before = 6 // the rights
	for i, has := range row[before:] {
		switch {
		case has == "true":
		case i < len(rightsToFill()):
			found.LackToFill = append(found.LackToFill, rights[i].String())
		default:
			found.LackToShare = append(found.LackToShare, rights[i].String())
		}
	}
	return found, nil
}

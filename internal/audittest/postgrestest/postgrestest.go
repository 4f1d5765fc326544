// Package postgrestest runs PostgreSQL for tests: a server of their own in a temporary folder, on a Unix socket, which ends with the test
// process however that ends.
package postgrestest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Required is the variable of the environment that, set to 1, has tests fail rather than be skipped where PostgreSQL is not installed.
const Required = "TEST_POSTGRES_REQUIRED"

// Server is one that runs.
type Server struct {
	// Folder has its socket and data.
	Folder string
	// stop ends it.
	stop    func()
	schemas atomic.Int64
}

// shared is the server of this process, made when it is first asked for: one for each test would take a second each.
var shared = sync.OnceValues(func() (*Server, error) { return start("fsync=off", "synchronous_commit=off", "full_page_writes=off") })

// Shared is the server that all tests of the process share; it loses what it has with the machine's power. Tests are skipped where
// PostgreSQL is not installed.
func Shared(t testing.TB) *Server {
	t.Helper()
	needs(t)
	server, err := shared()
	require.NoError(t, err)
	return server
}

// Start starts a server of the test's own, with further settings, such as "fsync=on".
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	needs(t)
	server, err := start(settings...)
	require.NoError(t, err)
	t.Cleanup(server.stop)
	return server
}

func needs(t testing.TB) {
	t.Helper()
	if _, err := binary("postgres"); err != nil {
		if os.Getenv(Required) == "1" {
			require.NoError(t, err)
		}
		t.Skip("PostgreSQL is not installed: " + err.Error())
	}
}

// binary finds a program of PostgreSQL, where Debian has it or in PATH.
func binary(name string) (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

// User is whom the address is for, who may do everything.
const User = "postgres"

// start makes a cluster and runs it.
func start(settings ...string) (*Server, error) {
	folder, err := os.MkdirTemp("", "pg-*") // short, since paths of sockets are
	if err != nil {
		return nil, err
	}
	attributes, err := unprivileged(folder)
	if err != nil {
		return nil, err
	}
	s := &Server{Folder: folder}
	initdb, err := binary("initdb")
	if err != nil {
		return nil, err
	}
	making := exec.CommandContext(context.Background(), initdb, "--pgdata", s.data(), "--no-sync", "--auth", "trust", "--username", User,
		"--encoding", "UTF8", "--locale", "C", "--no-instructions")
	making.SysProcAttr, making.Dir = attributes, folder
	if output, err := making.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, output)
	}
	postgres, err := binary("postgres")
	if err != nil {
		return nil, err
	}
	// The shell ends the server once nobody holds the other end of its input: when the tests are done, or were killed.
	const script = `log=$1; shift; "$@" >"$log" 2>&1 </dev/null & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$PWD"`
	args := []string{"-c", script, "sh", filepath.Join(folder, "log"), postgres, "-D", s.data(), "-k", folder, "-c", "listen_addresses="}
	for _, setting := range append([]string{"max_connections=200", "shared_buffers=32MB"}, settings...) {
		args = append(args, "-c", setting)
	}
	running := exec.CommandContext(context.Background(), "/bin/sh", args...)
	running.SysProcAttr, running.Dir = attributes, folder
	input, err := running.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := running.Start(); err != nil {
		return nil, err
	}
	s.stop = func() {
		_ = input.Close()
		_ = running.Wait()
	}
	if err := s.await(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.Folder, "data") }

// await waits for the server to answer.
func (s *Server) await() (err error) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(context.Background(), s.Address("")); err == nil {
			return conn.Close(context.Background())
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.Folder, "log"))
	return fmt.Errorf("PostgreSQL does not start: %w: %s", err, bytes.TrimSpace(log))
}

// Address is that of a schema in it; empty for none.
func (s *Server) Address(schema string) string { return s.AddressOf(User, schema) }

// AddressOf is the same for a role.
func (s *Server) AddressOf(role, schema string) string {
	query := url.Values{"host": {s.Folder}}
	if schema != "" {
		query.Set("search_path", schema)
	}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/postgres", RawQuery: query.Encode()}).String()
}

// Schema is the name of a schema that nothing is in yet.
func (s *Server) Schema() string { return fmt.Sprintf("archive_%d", s.schemas.Add(1)) }

// Empty is the address of such a schema.
func (s *Server) Empty() string { return s.Address(s.Schema()) }

// Exec runs statements as somebody who may do everything, with a schema's tables at hand.
func (s *Server) Exec(t testing.TB, schema, statements string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Address(schema))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	_, err = conn.Exec(t.Context(), statements)
	require.NoError(t, err)
}

// Query is what a query finds, as texts.
func (s *Server) Query(t testing.TB, schema, query string) (found [][]string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Address(schema))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	rows, err := conn.Query(t.Context(), query)
	require.NoError(t, err)
	for rows.Next() {
		row := make([]string, len(rows.RawValues()))
		for i, value := range rows.RawValues() {
			row[i] = string(value)
		}
		found = append(found, row)
	}
	require.NoError(t, rows.Err())
	return found
}

// Hold runs a statement in a transaction that stays open until release is called.
func (s *Server) Hold(t testing.TB, schema, statement string) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Address(schema))
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "BEGIN; "+statement)
	require.NoError(t, err)
	return func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }
}

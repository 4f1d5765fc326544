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
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
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
	// Port is where it listens on loopback; 0 is nowhere.
	Port int
	// stop ends it at once, as a crash does, and takes away what it has.
	stop       func()
	settings   []string
	schemas    atomic.Int64
	attributes *syscall.SysProcAttr // of its processes
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
	t.Cleanup(func() { server.stop() })
	return server
}

// GoAway ends the server at once, as a crash does; what it has stays.
func (s *Server) GoAway(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := bytes.Cut(text, []byte("\n"))
	number, err := strconv.Atoi(string(first))
	require.NoError(t, err)
	process, err := os.FindProcess(number)
	require.NoError(t, err)
	require.NoError(t, process.Signal(syscall.SIGQUIT))
	require.Eventually(t, func() bool { return process.Signal(syscall.Signal(0)) != nil }, 10*time.Second, 20*time.Millisecond)
}

// ComeBack starts the server again, after it went away.
func (s *Server) ComeBack(t testing.TB) {
	t.Helper()
	before := s.stop
	err := s.run(s.settings)
	now := s.stop
	s.stop = func() {
		now()
		before()
	}
	require.NoError(t, err)
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
	s := &Server{}
	if err := s.create("initdb", "--no-sync", "--auth", "trust", "--username", User, "--encoding", "UTF8", "--locale", "C",
		"--no-instructions"); err != nil {
		return nil, err
	}
	return s, s.run(settings)
}

// create makes a cluster by a program, in a folder of its own.
func (s *Server) create(program string, args ...string) (err error) {
	if s.Folder, err = os.MkdirTemp("", "pg-*"); err != nil { // short, since paths of sockets are
		return err
	}
	if s.attributes, err = unprivileged(s.Folder); err != nil {
		return err
	}
	path, err := binary(program)
	if err != nil {
		return err
	}
	making := exec.CommandContext(context.Background(), path, append(args, "--pgdata", s.data())...)
	making.SysProcAttr, making.Dir = s.attributes, s.Folder
	if output, err := making.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, output)
	}
	return nil
}

// run runs the server, which ends with the test process.
func (s *Server) run(settings []string) error {
	postgres, err := binary("postgres")
	if err != nil {
		return err
	}
	// The shell ends the server once nobody holds the other end of its input: when the tests are done, or were killed.
	const script = `log=$1; shift; "$@" >"$log" 2>&1 </dev/null & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$PWD"`
	args := []string{"-c", script, "sh", filepath.Join(s.Folder, "log"), postgres, "-D", s.data(), "-k", s.Folder}
	listens := "listen_addresses="
	if s.Port > 0 {
		listens += "127.0.0.1"
		args = append(args, "-p", strconv.Itoa(s.Port))
	}
	for _, setting := range append([]string{"max_connections=200", "shared_buffers=32MB", listens}, settings...) {
		args = append(args, "-c", setting)
	}
	s.settings = settings
	running := exec.CommandContext(context.Background(), "/bin/sh", args...)
	running.SysProcAttr, running.Dir = s.attributes, s.Folder
	input, err := running.StdinPipe()
	if err != nil {
		return err
	}
	if err := running.Start(); err != nil {
		return err
	}
	s.stop = sync.OnceFunc(func() {
		_ = input.Close()
		_ = running.Wait()
	})
	if err := s.await(); err != nil {
		s.stop()
		return err
	}
	return nil
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
	if s.Port > 0 {
		query.Set("port", strconv.Itoa(s.Port))
	}
	if schema != "" {
		query.Set("search_path", schema)
	}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/postgres", RawQuery: query.Encode()}).String()
}

// Run runs one of PostgreSQL's programs, such as pg_dump, by the server's socket, and returns what it says.
func (s *Server) Run(t testing.TB, program string, arguments ...string) string {
	t.Helper()
	path, err := binary(program)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), path, arguments...)
	command.Env = append(os.Environ(), "PGHOST="+s.Folder, "PGUSER="+User)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", program, output)
	return string(output)
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

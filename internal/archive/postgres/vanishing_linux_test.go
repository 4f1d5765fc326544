package postgres_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// machine is a way to a server that can vanish as a machine does which loses its power: nothing that it is sent is acknowledged any more.
type machine struct {
	*testing.T
	listener *net.TCPListener

	mu      sync.Mutex
	sockets []syscall.Conn
}

func startMachine(t *testing.T, server *postgrestest.Server) *machine {
	t.Helper()
	var config net.ListenConfig
	config.SetMultipathTCP(false) // which knows no filters
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	tcp, ok := listener.(*net.TCPListener)
	require.True(t, ok)
	m := &machine{T: t, listener: tcp, sockets: []syscall.Conn{tcp}}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			accepted, err := m.listener.AcceptTCP()
			if err != nil {
				return
			}
			m.mu.Lock()
			m.sockets = append(m.sockets, accepted)
			m.mu.Unlock()
			go m.forward(accepted, filepath.Join(server.Folder, ".s.PGSQL.5432"))
		}
	}()
	return m
}

func (m *machine) forward(from *net.TCPConn, socket string) {
	defer func() { _ = from.Close() }()
	to, err := (&net.Dialer{}).DialContext(context.Background(), "unix", socket)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() { _, _ = io.Copy(to, from) }()
	_, _ = io.Copy(from, to)
}

// vanish has the kernel drop whatever comes for it, by a filter that keeps nothing.
func (m *machine) vanish() {
	m.Helper()
	drop := unix.SockFprog{Len: 1, Filter: &unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.sockets {
		raw, err := one.SyscallConn()
		require.NoError(m, err)
		require.NoError(m, raw.Control(func(fd uintptr) {
			assert.NoError(m, unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &drop))
		}))
	}
}

// A call that waits for a machine that vanished ends, and the next one finds the one that is there.
func TestAMachineThatVanishesIsLeft(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	server := postgrestest.Shared(t)
	one, other := startMachine(t, server), startMachine(t, server)
	address := fmt.Sprintf("postgres://%s@%s,%s/postgres?search_path=%s", postgrestest.User, one.listener.Addr(), other.listener.Addr(),
		server.Schema())
	store := open(t, address, postgres.Options{Create: true, Lease: long})
	defer func() { require.NoError(t, store.Close()) }()
	unlock, err := store.Lock(t.Context())
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Append(t.Context(), batch("", "one")))
	var many sync.WaitGroup
	for range 5 {
		many.Go(func() {
			assert.NoError(t, store.Snapshot(t.Context(), func(from archive.Reads) error {
				_, err := from.Head(t.Context())
				time.Sleep(100 * time.Millisecond) // so that each has a connection of its own
				return err
			}))
		})
	}
	many.Wait()
	one.vanish()
	// Far less than TCP itself would take.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := store.Append(ctx, batch("one", "two")); err != nil {
		var is *archive.StoreError
		require.ErrorAs(t, err, &is)
		assert.True(t, is.IsAway)
		require.NoError(t, store.Append(ctx, batch("one", "two")))
	}
	head, err := store.Head(ctx)
	require.NoError(t, err)
	assert.Equal(t, "two", string(head))
}

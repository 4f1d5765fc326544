package postgres_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/audittest/postgrestest"
)

// breaking is a connection to a server on which something can happen to what a client says.
type breaking struct {
	Folder string
	mu     sync.Mutex
	on     func(said []byte) event
}

// event is what happens to a message of a client's.
type event int

const (
	goesOn    event = iota
	isCut           // before the server hears it
	isUnheard       // the server hears it, and the client hears nothing
	fails           // the server does not hear it, and the client gets a failure of serialization
	isFull          // the same, of a disk that is full
)

// breakable is the address of a schema over connections that break as on says; it is called with what clients send, in whatever pieces.
func breakable(t testing.TB, server *postgrestest.Server, schema string) (address string, b *breaking) {
	t.Helper()
	folder, err := os.MkdirTemp("", "pg-*") //nolint:usetesting // short, since paths of sockets are
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	const socket = ".s.PGSQL.5432"
	listener, err := net.Listen("unix", filepath.Join(folder, socket))
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	b = &breaking{Folder: folder, on: func([]byte) event { return goesOn }}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go b.carry(client, filepath.Join(server.Folder, socket))
		}
	}()
	parsed, err := url.Parse(server.Address(schema))
	require.NoError(t, err)
	query := parsed.Query()
	query.Set("host", folder)
	parsed.RawQuery = query.Encode()
	return parsed.String(), b
}

// when has something happen from now on.
func (b *breaking) when(on func(said []byte) event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.on = on
}

// once has an event happen the next time that something is said.
func (b *breaking) once(what event, said string) {
	b.when(func(text []byte) event {
		if !bytes.Contains(text, []byte(said)) {
			return goesOn
		}
		b.on = func([]byte) event { return goesOn }
		return what
	})
}

func (b *breaking) carry(client net.Conn, to string) {
	defer client.Close() //nolint:errcheck // it may be closed
	server, err := (&net.Dialer{}).DialContext(context.Background(), "unix", to)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // as above
	var mu sync.Mutex
	isDeaf := false
	go func() {
		defer client.Close() //nolint:errcheck // as above
		piece := make([]byte, 1<<16)
		for {
			n, err := server.Read(piece)
			if err != nil {
				return
			}
			mu.Lock()
			if !isDeaf {
				_, err = client.Write(piece[:n])
			}
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	piece := make([]byte, 1<<16)
	for {
		n, err := client.Read(piece)
		if err != nil {
			return
		}
		b.mu.Lock()
		what := b.on(piece[:n])
		b.mu.Unlock()
		switch what {
		case isCut:
			return
		case isUnheard:
			mu.Lock()
			isDeaf = true
			mu.Unlock()
			_, _ = server.Write(piece[:n])
			// The server ends what it does before it notices that the client has gone.
			_ = server.(*net.UnixConn).CloseWrite()
			return
		case fails, isFull:
			code := map[event]string{fails: "40001", isFull: "53100"}[what]
			if _, err := client.Write(failure(code)); err != nil {
				return
			}
		default:
			if _, err := server.Write(piece[:n]); err != nil {
				return
			}
		}
	}
}

// failure is how a server says that a transaction failed. Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
func failure(code string) []byte {
	text := []byte("SERROR\x00VERROR\x00C" + code + "\x00Mit failed\x00\x00")
	message := append(binary.BigEndian.AppendUint32([]byte{'E'}, uint32(4+len(text))), text...)
	return append(message, 'Z', 0, 0, 0, 5, 'E')
}

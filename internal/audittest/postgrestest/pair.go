package postgrestest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Pair is a primary and its streaming replica, without which the primary commits nothing.
type Pair struct {
	Primary, Standby *Server
}

// StartPair starts both, whose commits can be followed.
func StartPair(t testing.TB) *Pair {
	t.Helper()
	needs(t)
	p := &Pair{Primary: &Server{Port: FreePort(t)}, Standby: &Server{Port: FreePort(t)}}
	require.NoError(t, p.Primary.create("initdb", "--no-sync", "--auth", "trust", "--username", User, "--encoding", "UTF8", "--locale", "C",
		"--no-instructions"))
	require.NoError(t, p.Primary.run(Followed()))
	t.Cleanup(p.Primary.stop)
	require.NoError(t, p.Standby.create("pg_basebackup", "--dbname", p.Primary.Address(""), "--write-recovery-conf", "--checkpoint", "fast",
		"--no-sync"))
	require.NoError(t, p.Standby.run(Followed()))
	t.Cleanup(p.Standby.stop)
	p.Primary.Exec(t, "", "ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.Primary.Exec(t, "", "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool {
		found := p.Primary.Query(t, "", "SELECT sync_state FROM pg_stat_replication")
		return len(found) == 1 && found[0][0] == "sync"
	}, 30*time.Second, 20*time.Millisecond, "the standby follows")
	return p
}

// Address is that of a schema in whichever of them is the primary.
func (p *Pair) Address(schema string) string {
	query := url.Values{"search_path": {schema}, "target_session_attrs": {"read-write"}}
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d,127.0.0.1:%d/postgres?%s", User, p.Primary.Port, p.Standby.Port, query.Encode())
}

// FailOver kills the primary and promotes the standby.
func (p *Pair) FailOver(t testing.TB) {
	t.Helper()
	p.Primary.stop()
	require.Equal(t, "true", p.Standby.Query(t, "", "SELECT pg_promote()::text")[0][0])
}

// FreePort is a port of loopback that nothing listens on, for what may be started again there: connections are not given it.
func FreePort(t testing.TB) int {
	t.Helper()
	for port := 20_000 + int(time.Now().UnixNano()/1000%10_000); port < 32_000; port++ {
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
	require.Fail(t, "no port is free")
	return 0
}

package postgres_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/audittest/postgrestest"
)

func TestServersAreToldToNoticeThatAMachineVanishedAndNeedNotKnowHow(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]event{"does": goesOn, "cannot": fails} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := postgrestest.Shared(t)
			address, network := breakable(t, server, server.Schema())
			var isTold atomic.Bool
			network.when(func(said []byte) event {
				if !bytes.Contains(said, []byte("tcp_keepalives_idle = 5")) {
					return goesOn
				}
				isTold.Store(true)
				return answer
			})
			store := open(t, address, postgres.Options{Create: true})
			assert.NotEmpty(t, store.ID())
			assert.True(t, isTold.Load())
		})
	}
}

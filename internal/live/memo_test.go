package live

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
)

func TestWhoWaitsForAnothersAnswerIsToldThatAnotherAsks(t *testing.T) {
	t.Parallel()
	var m memo[string, int]
	asking, answer, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		value, err := m.get(context.Background(), "key", func(context.Context) (int, error) {
			close(asking)
			<-answer
			return 7, nil
		})
		assert.NoError(t, err)
		assert.Equal(t, 7, value)
	}()
	<-asking
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := m.get(ctx, "key", func(context.Context) (int, error) { panic("one call is enough") })
	require.ErrorIs(t, err, auditlog.ErrBehindAnother)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(answer)
	<-done
}

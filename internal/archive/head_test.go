package archive

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// named is a store that has a name.
type named struct{ Store }

func (named) ID() string { return "name" }

func TestTheHeadOfAnEarlierProgramHasChunksOfIDsThatAllLogsShare(t *testing.T) {
	t.Parallel()
	a := &Archive{store: named{}, options: Options{Now: time.Now}}
	private, public, err := note.GenerateKey(rand.Reader, a.origin())
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	earlier := &head{Logs: []logHead{{Chunks: [][]byte{nil, {1}, {2}}}, {Chunks: [][]byte{{3}}}, {}}}
	require.NoError(t, a.seal(earlier, signer, public))
	h, err := a.parseHead(earlier.stored, []string{public})
	require.NoError(t, err)
	first := h.log(1)
	assert.Equal(t, []int64{65_536, 131_072}, first.Starts)
	for id, chunk := range map[int64]int{0: 0, 65_535: 0, 65_536: 1, 131_071: 1, 131_072: 2, 1 << 31: 2} {
		assert.Equal(t, chunk, first.chunkOf(id), "%d", id)
		ids := first.idsOf(chunk)
		assert.True(t, ids.From <= id && id < ids.To, "%d is not among %v", id, ids)
	}
	assert.Empty(t, h.log(2).Starts)
	assert.Empty(t, h.log(3).Starts)
}

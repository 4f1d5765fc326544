package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
)

// chunkSize rows share a sum at most.
const chunkSize = 1 << 16

// chunks are the sums of what is counted of a log's rows, by id.
type chunks struct {
	// Sums are one for each chunk; none where the log has no rows.
	Sums [][]byte `json:"sums,omitempty"`
	// Starts are the ids that chunks begin with, but for the first, which begins with 0. Each goes on to where the next begins, and the
	// last to the end.
	Starts []int64 `json:"starts,omitempty"`
}

// UnmarshalJSON also reads the list of sums that an earlier program wrote: of chunkSize ids each, whichever log these are of. That program
// cannot read what this one writes, and thus not write it without the starts.
func (c *chunks) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		type plain chunks
		return json.Unmarshal(data, (*plain)(c))
	}
	*c = chunks{}
	err := json.Unmarshal(data, &c.Sums)
	for i := 1; i < len(c.Sums); i++ {
		c.Starts = append(c.Starts, chunkSize*int64(i))
	}
	return err
}

func (c *chunks) clone() chunks { return chunks{slices.Clone(c.Sums), slices.Clone(c.Starts)} }

// last is the number of the chunk that goes on to the end.
func (c *chunks) last() int { return len(c.Starts) }

// of is the number of the chunk that an id belongs to.
func (c *chunks) of(id int64) int {
	begun, isStart := slices.BinarySearch(c.Starts, id)
	if isStart {
		begun++
	}
	return begun
}

// ids are those of a chunk.
func (c *chunks) ids(chunk int) Range {
	ids := Range{0, math.MaxInt64}
	if chunk > 0 {
		ids.From = c.Starts[chunk-1]
	}
	if chunk < c.last() {
		ids.To = c.Starts[chunk]
	}
	return ids
}

// begin begins another chunk behind the last one.
func (c *chunks) begin(id int64) { c.Starts = append(c.Starts, id) }

// have reports whether rows, by id, are those of a chunk.
func (c *chunks) have(chunk int, rows []counted) bool {
	var signed []byte
	if chunk < len(c.Sums) {
		signed = c.Sums[chunk]
	}
	return bytes.Equal(signed, chunkSum(rows))
}

// set notes the rows of a chunk.
func (c *chunks) set(chunk int, rows []counted) {
	for len(c.Sums) <= chunk {
		c.Sums = append(c.Sums, nil)
	}
	c.Sums[chunk] = chunkSum(rows)
}

// chunkSum is the sum of what is counted of rows, by id; none of no rows.
func chunkSum(rows []counted) []byte {
	if len(rows) == 0 {
		return nil
	}
	const size, some = 28, 1024
	hash := sha256.New()
	text := make([]byte, 0, size*some)
	for i := range rows {
		r := &rows[i]
		text = binary.LittleEndian.AppendUint64(text, uint64(r.at)) //nolint:gosec // bits, as below
		for _, n := range [...]int32{r.id, r.actor, r.team, r.target, r.event} {
			text = binary.LittleEndian.AppendUint32(text, uint32(n)) //nolint:gosec // bits
		}
		if len(text) == cap(text) {
			_, _ = hash.Write(text)
			text = text[:0]
		}
	}
	_, _ = hash.Write(text)
	return hash.Sum(nil)
}

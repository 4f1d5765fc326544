package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatIsNoHalfIsRefused(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{"all"}, {"tuning", "heldout"}} {
		err := run(t.Context(), arguments, io.Discard, io.Discard)
		assert.ErrorContains(t, err, "want one half of the seeds, tuning or heldout")
		assert.ErrorContains(t, err, "for example: scripts/detection tuning")
	}
}

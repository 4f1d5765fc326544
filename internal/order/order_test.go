package order_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/order"
)

func TestItemsAreSortedAndEqualOnesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	type item struct{ by, number int }
	random := rand.New(rand.NewPCG(7, 11))
	for size := range 60 {
		var items []item
		for number := range size {
			items = append(items, item{random.IntN(9), number})
		}
		compare := func(a, b item) int { return a.by - b.by }
		sorted := slices.Clone(items)
		slices.SortStableFunc(sorted, compare)
		order.By(items, compare)
		require.Equal(t, sorted, items)
	}
}

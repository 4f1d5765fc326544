// Package order sorts short lists with little code: slices.SortFunc and slices.SortStableFunc are compiled anew for every type of element,
// 10 to 20 kB of the program each, and there are many types of which a few are sorted.
package order

import (
	"iter"
	"slices"
	"sort"
)

// By sorts items, and leaves those that compare as equal in the order that they had. It is for lists of hundreds: of tens of thousands
// slices.SortFunc is several times as fast.
func By[T any](items []T, compare func(a, b T) int) {
	sort.SliceStable(items, func(i, j int) bool { return compare(items[i], items[j]) < 0 })
}

// Sorted is By of what a sequence yields.
func Sorted[T any](items iter.Seq[T], compare func(a, b T) int) []T {
	all := slices.Collect(items)
	By(all, compare)
	return all
}

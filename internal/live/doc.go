// Package live reads Make's audit log over its API: exactly, with few calls, and saying what it does not cover.
//
// A read is a walk over one or more listings: an organization's list or those of several teams, in parts where a filter has more values
// than fit into a request, and in slices of days where the window is long. Every listing is read newest first by triggeredAt, the one order
// in which entries that arrive or expire on the way lose nothing, and an entry is delivered only once no unread part of any listing can
// hold a newer one. Exactness rests on this:
//
//   - Pages overlap and must be seen to join. A listing's next page begins at the first row of the last page's last instant, so that rows
//     of one instant are seen whole in one page; where an instant fills pages, they share some rows, which must come in the same order.
//     Where pages do not join, the reader steps back; if that does not help, the report says that entries may be missing.
//   - Bare dates are asked for wider than the window by whatever zone and inclusiveness Make may mean, slices share their border dates, and
//     the cut is made here, on triggeredAt; what is read twice is recognized by its uuid.
//   - Make may compare createdAt instead, which is never earlier. The lower edge then is safe. For an upper edge in the past, one more
//     listing reads upwards from that edge: whatever it finds from before the edge was written down late, and belongs to the window.
//   - The end of a listing is an empty page, or one shorter than the largest that this instance has sent and than the size that it says its
//     pages have, never merely shorter than what was asked.
//
// The fetcher asks for pages side by side, each listing says where its next page begins and whether pages join, and the merger, which one
// goroutine at a time uses, puts them in order.
//
// What was read is kept for a few minutes, so that the same question, its next page, or a narrower one costs few calls or none. A window
// that reaches beyond the moment of reading is completed with what was written since, late entries included; one that ends before it is
// answered as of that moment. A read that did not come to its end is kept for as long as questions go on with it, half an hour at most.
package live

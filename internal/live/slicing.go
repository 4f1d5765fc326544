package live

// A listing that may have more rows than sliceRows is cut into slices of days, so that no offset grows large and slices are read side by
// side. Neighbours share a day, so slices are not made narrower than minSliceDays; and each costs a call even if it is empty, so there are
// not more than maxSlices: the rows read so far may be denser than what follows.
const (
	sliceRows    = 8000
	minSliceDays = 7
	maxSlices    = 16
)

// cutIntoSlices cuts what remains of long listings into slices of days, once their first page has shown how dense they are.
func (f *fetcher) cutIntoSlices() {
	f.mayCut = false
	var all []*listing
	for _, l := range f.listings {
		all = append(all, l)
		if !l.done && !l.ascending() && !l.unordered {
			all = append(all, l.cutAt(sliceBorders(l))...)
		}
	}
	f.listings = all
}

// sliceBorders returns the days at which to cut what remains of a listing, newest first; none if it is not worth it.
func sliceBorders(l *listing) []day {
	from, to := lowerEdge(l.end), dayOf(l.reached)
	days := daysBetween(from, to)
	count := min((l.estimate()+sliceRows-1)/sliceRows, days/minSliceDays, maxSlices)
	if count < 2 {
		return nil
	}
	borders := make([]day, 0, count-1)
	for i := range count - 1 {
		borders = append(borders, to.add(-days*(i+1)/count))
	}
	return borders
}

// cutAt ends the listing at the first border and returns the slices below it. The rows above the first border stand at the same places
// whether older ones are in the list or not, so the listing goes on as it is.
func (l *listing) cutAt(borders []day) []*listing {
	if len(borders) == 0 {
		return nil
	}
	below := make([]*listing, 0, len(borders))
	for i, border := range borders {
		slice := &listing{endpoint: l.endpoint, options: l.options, lower: l.lower, end: l.end, upper: endOf(border)}
		slice.options.DateTo = border.String()
		if i+1 < len(borders) {
			slice.options.DateFrom, slice.end = borders[i+1].String(), borders[i+1].Time
		}
		below = append(below, slice)
	}
	l.options.DateFrom, l.end = borders[0].String(), borders[0].Time
	return below
}

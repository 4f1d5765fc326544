// Package metrics counts, and serves what it has counted as Prometheus reads it: with the metrics of the Go runtime and of the process, in
// Prometheus' text format, by names that its own client for Go uses. That client takes two megabytes of a binary; this is the part of it
// that a server of one process needs.
//
// Everything is for any number of goroutines at once. Series are kept for good: their number is bounded by the label values that callers
// of this package let in.
package metrics

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Registry holds metrics, by name.
type Registry struct {
	startedAt time.Time

	mu       sync.Mutex
	families map[string]*family
}

// NewRegistry returns a Registry without metrics of its own. The process is said to have started now.
func NewRegistry() *Registry {
	return &Registry{startedAt: time.Now(), families: map[string]*family{}}
}

// Counter is a number for each combination of label values, that only grows.
type Counter struct{ family *family }

// Counter returns a new counter. It panics if the name is none of Prometheus' or taken: programs name their counters themselves.
func (r *Registry) Counter(name, help string, labels ...string) Counter {
	return Counter{r.mustAdd(&family{name: name, help: help, kind: "counter", labels: labels})}
}

// Add adds to the number that the label values, in the order of the labels, stand for. It adds nothing below 0.
func (c Counter) Add(number float64, values ...string) {
	if !(number > 0) { // nor what is no number
		number = 0
	}
	c.family.change(values, func(s *series) { s.sum += number })
}

// Histogram is a distribution of numbers for each combination of label values.
type Histogram struct{ family *family }

// Histogram returns a new histogram with buckets up to each of the bounds, which ascend, and one above. It panics as
// [Registry.Counter] does.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) Histogram {
	return Histogram{r.mustAdd(&family{name: name, help: help, kind: "histogram", labels: labels, bounds: bounds})}
}

// Observe adds a number to the distribution that the label values stand for.
func (h Histogram) Observe(number float64, values ...string) {
	// The bucket of a bound holds the bound itself.
	bucket, _ := slices.BinarySearch(h.family.bounds, number)
	if math.IsNaN(number) {
		bucket = len(h.family.bounds)
	}
	h.family.change(values, func(s *series) {
		s.sum += number
		s.buckets[bucket]++
	})
}

// Gauge has a number read whenever the metrics are; one that is no number (NaN) is left out. A name that is none of Prometheus' or taken is
// an error.
func (r *Registry) Gauge(name, help string, read func() float64) error {
	return r.add(&family{name: name, help: help, kind: "gauge", read: read})
}

// Count is a Gauge of a number that only grows, which somebody else counts.
func (r *Registry) Count(name, help string, read func() float64) error {
	return r.add(&family{name: name, help: help, kind: "counter", read: read})
}

// Info adds a metric that is always 1, with what it says as a label. It panics as [Registry.Counter] does.
func (r *Registry) Info(name, help, label, value string) {
	info := r.mustAdd(&family{name: name, help: help, kind: "gauge", labels: []string{label}})
	info.change([]string{value}, func(s *series) { s.sum = 1 })
}

func (r *Registry) mustAdd(f *family) *family {
	if err := r.add(f); err != nil {
		panic(err)
	}
	return f
}

// add adds a family, if its name and labels are Prometheus'.
//
// Source: https://prometheus.io/docs/concepts/data_model/
func (r *Registry) add(f *family) error {
	if !regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`).MatchString(f.name) {
		return fmt.Errorf("%q is no name of a metric: want letters, digits, _ and :, not a digit first", f.name)
	}
	for i, label := range f.labels {
		if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(label) || label == "le" || slices.Contains(f.labels[:i], label) {
			return fmt.Errorf("%q is no label of %s: want letters, digits and _, not a digit first, not le, none twice", label, f.name)
		}
	}
	f.series = map[string]*series{}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.families[f.name] != nil {
		return fmt.Errorf("there is a metric %s already", f.name)
	}
	r.families[f.name] = f
	return nil
}

// byName returns what is held now.
func (r *Registry) byName() []*family {
	r.mu.Lock()
	defer r.mu.Unlock()
	families := make([]*family, 0, len(r.families))
	for _, f := range r.families {
		families = append(families, f)
	}
	slices.SortFunc(families, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	return families
}

// family is all series of a name.
type family struct {
	name, help, kind string
	labels           []string
	bounds           []float64      // of a histogram
	read             func() float64 // instead of series

	mu     sync.Mutex
	series map[string]*series // by label values, joined by what is in none of them
}

// series is what one combination of label values stands for.
type series struct {
	values  []string
	sum     float64
	buckets []uint64 // each alone, without those below
}

// change changes a series, which begins with its first change. Values that are missing are empty, further ones are left out.
func (f *family) change(values []string, change func(*series)) {
	const never = "\xff" // in UTF-8
	full := make([]string, len(f.labels))
	copy(full, values)
	for i, value := range full {
		full[i] = strings.ToValidUTF8(value, "\uFFFD")
	}
	key := strings.Join(full, never)
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.series[key]
	if s == nil {
		s = &series{values: full, buckets: make([]uint64, len(f.bounds)+1)}
		f.series[key] = s
	}
	change(s)
}

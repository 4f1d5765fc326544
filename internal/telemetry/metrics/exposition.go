package metrics

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// page is metrics in Prometheus' text format, version 0.0.4.
//
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
type page struct {
	bytes.Buffer
	helps, values *strings.Replacer // to how they are written
}

func newPage() *page {
	return &page{
		helps:  strings.NewReplacer(`\`, `\\`, "\n", `\n`),
		values: strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`),
	}
}

// label is a label and its value, in UTF-8.
type label struct{ name, value string }

// family begins a family of metrics.
func (p *page) family(name, kind, help string) {
	help = p.helps.Replace(strings.ToValidUTF8(help, "\uFFFD"))
	p.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// sample writes a value.
func (p *page) sample(name string, labels []label, value string) {
	p.WriteString(name)
	separator := "{"
	for _, l := range labels {
		p.WriteString(separator + l.name + `="`)
		_, _ = p.values.WriteString(p, l.value)
		p.WriteString(`"`)
		separator = ","
	}
	if len(labels) > 0 {
		p.WriteString("}")
	}
	p.WriteString(" " + value + "\n")
}

// single writes a family of one value without labels.
func (p *page) single(name, kind, help string, value float64) {
	p.family(name, kind, help)
	p.sample(name, nil, number(value))
}

// number is a number as Go writes them, which is what Prometheus wants: also +Inf, -Inf and NaN.
func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

// write writes a family; nothing before its first series, nor of what is not known.
func (f *family) write(p *page) {
	if f.read != nil {
		if value := f.read(); !math.IsNaN(value) {
			p.single(f.name, f.kind, f.help, value)
		}
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.series) == 0 {
		return
	}
	p.family(f.name, f.kind, f.help)
	all := make([]*series, 0, len(f.series))
	for _, s := range f.series {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *series) int { return slices.Compare(a.values, b.values) })
	for _, s := range all {
		f.writeSeries(p, s)
	}
}

func (f *family) writeSeries(p *page, s *series) {
	labels := make([]label, len(f.labels), len(f.labels)+1)
	for i, name := range f.labels {
		labels[i] = label{name, s.values[i]}
	}
	if f.kind != "histogram" {
		p.sample(f.name, labels, number(s.sum))
		return
	}
	var count uint64
	for i, inBucket := range s.buckets {
		count += inBucket
		bound := "+Inf"
		if i < len(f.bounds) {
			bound = number(f.bounds[i])
		}
		p.sample(f.name+"_bucket", append(labels, label{"le", bound}), strconv.FormatUint(count, 10))
	}
	p.sample(f.name+"_sum", labels, number(s.sum))
	p.sample(f.name+"_count", labels, strconv.FormatUint(count, 10))
}

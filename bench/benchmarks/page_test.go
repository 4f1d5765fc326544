package main

import (
	"bytes"
	"flag"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/page.md")

func TestThePageTellsWhatWasMeasuredAndWhichBoundsAreMet(t *testing.T) {
	t.Parallel()
	page := Page{
		Command: "scripts/benchmarks", Date: "2026-11-28", Commit: "0123456789ab",
		Facts: []Fact{{"machine", "2 cores"}, {"the wrapper", "made up 1.0"}},
		Rows: []Row{
			{"cold start", Seconds, Sample{0.06, 0.05, 0.07}, Sample{0.9, 1, 1.05}, "three times"},
			{"memory", Bytes, Sample{23.4e6}, Sample{111e6}, "once"},
			{"tokens", Count, Sample{3384}, Sample{1128}, "counted"},
			{"listings", PerSecond, Sample{1234.5, 999}, Sample{300, 250}, "twice"},
			{"judging", Seconds, Sample{0.00045}, nil, "ours alone"},
		},
		Bounds: []Bound{
			{"binary", Bytes, 24e6, 24_000_000},
			{"tools/list", Bytes, 40e3, 40_100},
			{"cold start", Quotient, 1.0 / 15, 1.0 / 14},
		},
	}
	var written bytes.Buffer
	require.NoError(t, page.Write(&written))
	const golden = "testdata/page.md"
	if *update {
		require.NoError(t, os.WriteFile(golden, written.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), written.String(), "run with -update")
}

func TestValuesAreEasyToRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		unit   Unit
		sample Sample
		want   string
	}{
		{Seconds, Sample{12.345}, "12.3 s"},
		{Seconds, Sample{0.0616}, "61.6 ms"},
		{Seconds, Sample{0.00007}, "70 µs"},
		{Seconds, Sample{-0.0012}, "-1.2 ms"},
		{Seconds, Sample{0.002, 0.0005, 1.5}, "2 ms (0.5–1,500)"}, // of one scale
		{Bytes, Sample{999}, "0.999 kB"},
		{Bytes, Sample{29_700_361}, "29.7 MB"},
		{Bytes, Sample{25.3e9}, "25.3 GB"},
		{Count, Sample{4_156_563}, "4,156,563"},
		{Count, Sample{0}, "0"},
		{PerSecond, Sample{228.4}, "228/s"},
		{Quotient, Sample{1.0 / 15}, "1/15"},
		{Quotient, Sample{2.468}, "2.47"},
		{Quotient, Sample{1}, "1"},
		{Quotient, Sample{-0.5}, "–"}, // of differences, which say nothing then
		{Quotient, Sample{math.Inf(1)}, "–"},
		{Seconds, nil, "–"},
	} {
		assert.Equal(t, test.want, test.unit.sample(test.sample))
	}
}

func TestHowOftenIsSaidInWords(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "once", times(1))
	assert.Equal(t, "2,000 times", times(2000))
}

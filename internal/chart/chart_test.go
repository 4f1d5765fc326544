package chart_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/chart"
	"make-audit-mcp/internal/markup"
)

func drawn(c *chart.Chart) string {
	var w markup.Writer
	chart.Draw(&w, c)
	return string(w.Bytes())
}

// TestTheMarkupIsTheViews holds charts to what the views' own module makes of the same data.
func TestTheMarkupIsTheViews(t *testing.T) {
	t.Parallel()
	const folder = "../../resources/ui/testdata/"
	data, err := os.ReadFile(folder + "charts.json")
	require.NoError(t, err)
	golden, err := os.ReadFile(folder + "charts.html")
	require.NoError(t, err)
	var charts []chart.Chart
	require.NoError(t, json.Unmarshal(data, &charts))
	want := strings.Split(strings.TrimRight(string(golden), "\n"), "\n")
	require.Len(t, charts, len(want))
	for i := range charts {
		assert.Equal(t, want[i], drawn(&charts[i]), charts[i].Caption)
	}
}

func TestAChartWithoutAnythingIsOneAllTheSame(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{chart.Timeline, chart.HeatMap, chart.Bars, chart.Compare} {
		zero := 0
		text := drawn(&chart.Chart{Kind: kind, Caption: "none", Columns: []string{"Entries"},
			Rows: []chart.Row{{Name: "a", Values: []*int{&zero}}}})
		assert.Contains(t, text, `style="--share:0"`, kind)
		assert.Contains(t, drawn(&chart.Chart{Kind: kind, Caption: "no rows"}), "<tbody", kind)
	}
}

func TestNumbersHaveCommasBetweenThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -5: "-5", -1234: "-1,234",
		-123456: "-123,456"} {
		assert.Equal(t, want, chart.Number(n))
	}
}

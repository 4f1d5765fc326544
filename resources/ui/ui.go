// Package ui holds what pictures look like, for the views and for documents.
package ui

import _ "embed"

//go:embed chart.css
var chartStyle string

// ChartStyle returns the stylesheet that makes pictures of charts.
func ChartStyle() string { return chartStyle }

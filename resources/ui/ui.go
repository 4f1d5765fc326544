// Package ui holds the views: pages that clients with MCP Apps show beside a tool's result.
//
// What stands here is what runs: plain HTML, CSS and ES modules, with no build. A page is served as one document, since it may load
// nothing: [Page] puts the modules that a view needs into it. A page asks nothing but its host, writes names as text alone, and takes its
// colours from chart.css, which the report has too.
package ui

import _ "embed"

//go:embed chart.css
var chartStyle string

// ChartStyle returns the stylesheet that makes pictures of charts.
func ChartStyle() string { return chartStyle }

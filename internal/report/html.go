package report

// HTML is the report as a page.
func HTML(r *Report) []byte { return nil }

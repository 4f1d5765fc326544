package metrics

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// Handler serves the metrics, compressed to those who read gzip, and to a few at once only: nobody but a Prometheus or two asks rightly.
func (r *Registry) Handler() http.Handler {
	const most = 4
	places := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			http.Error(w, "the metrics are served to "+strconv.Itoa(most)+" at once; try again later", http.StatusServiceUnavailable)
			return
		}
		metrics := newPage()
		writeRuntime(metrics)
		for _, f := range r.byName() {
			f.write(metrics)
		}
		writeProcess(metrics, r.startedAt)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Header().Set("Vary", "Accept-Encoding")
		// Errors are those of a connection that is no more.
		if !acceptsGzip(request.Header) {
			_, _ = w.Write(metrics.Bytes())
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(w)
		_, _ = compressed.Write(metrics.Bytes())
		_ = compressed.Close()
	})
}

// acceptsGzip reads Accept-Encoding.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
func acceptsGzip(header http.Header) bool {
	for coding := range strings.SplitSeq(strings.Join(header.Values("Accept-Encoding"), ","), ",") {
		name, parameter, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		_, weight, weighed := strings.Cut(parameter, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		return !weighed || err == nil && q > 0
	}
	return false
}

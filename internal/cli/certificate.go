package cli

import (
	"crypto/tls"
	"os"
	"sync"
	"time"
)

// certificateFiles is a certificate that may be renewed while the server runs.
type certificateFiles struct {
	certificate, key string

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time
}

// get returns the certificate, read anew if its file has changed. One that cannot
// be read any more leaves the last in use.
func (c *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certificate)
	if err == nil && c.current != nil && info.ModTime().Equal(c.changed) {
		return c.current, nil
	}
	var loaded tls.Certificate
	if err == nil {
		loaded, err = tls.LoadX509KeyPair(c.certificate, c.key)
	}
	switch {
	case err == nil:
		c.current, c.changed = &loaded, info.ModTime()
	case c.current == nil:
		return nil, err
	}
	return c.current, nil
}

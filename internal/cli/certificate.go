package cli

import (
	"bytes"
	"crypto/tls"
	"os"
	"sync"
	"time"
)

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

// certificateFiles is a certificate that may be renewed while the server runs.
type certificateFiles struct {
	certificate, key string

	mu      sync.Mutex
	current *tls.Certificate
	text    []byte // of the certificate in use
	looked  time.Time
}

// get returns the certificate, read anew if its file has changed. One that cannot be used leaves the last in use.
func (c *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && time.Since(c.looked) < certificateEvery {
		return c.current, nil
	}
	c.looked = time.Now()
	text, err := os.ReadFile(c.certificate)
	if err == nil && !bytes.Equal(text, c.text) {
		var key []byte
		var loaded tls.Certificate
		if key, err = os.ReadFile(c.key); err == nil {
			loaded, err = tls.X509KeyPair(text, key)
		}
		if err == nil {
			c.current, c.text = &loaded, text
		}
	}
	if c.current == nil {
		return nil, err
	}
	return c.current, nil
}

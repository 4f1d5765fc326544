package cli

import (
	"bytes"
	"crypto/tls"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/plaintext"
	"make-audit-mcp/internal/transport"
)

// serverAddress is where the server is reached, as far as the settings say.
type serverAddress struct {
	public   *url.URL    // nil if none is set
	tls      *tls.Config // nil for plain HTTP
	loopback bool        // it listens for this machine alone
}

// isSecure says whether clients reach it over TLS.
func (a *serverAddress) isSecure() bool {
	return a.tls != nil || a.public != nil && a.public.Scheme == "https"
}

// serverAddress checks the settings of the network.
func (c *httpCommand) serverAddress() (*serverAddress, error) {
	public, err := c.publicURL()
	if err != nil {
		return nil, err
	}
	if err := c.checkNames(); err != nil {
		return nil, err
	}
	secure, err := c.tls()
	if err != nil {
		return nil, err
	}
	loopback, err := transport.IsLoopback(c.Address)
	if err != nil {
		return nil, &SettingError{Problem: err.Error(), Next: "correct --address"}
	}
	return &serverAddress{public: public, tls: secure, loopback: loopback}, nil
}

func (c *httpCommand) publicURL() (*url.URL, error) {
	if c.PublicURL == "" {
		return nil, nil
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Scheme != "https" && public.Scheme != "http" || public.Host == "" || public.RawQuery != "" ||
		public.Fragment != "" || public.User != nil {
		return nil, &SettingError{Problem: "--public-url " + auditlog.Text(c.PublicURL).Quote() + " is no http or https URL",
			Next: "give it as clients see it, without /mcp, e.g. https://audit.example.com"}
	}
	if path := transport.CleanBase(public.Path); path != "" && c.BasePath != "" && path != transport.CleanBase(c.BasePath) &&
		!strings.HasSuffix(path, transport.CleanBase(c.BasePath)) {
		return nil, &SettingError{Problem: "the path of --public-url does not end with --base-path",
			Next: "make them fit, e.g. https://example.com/make and /make"}
	}
	if public.Path == "" {
		public.Path = transport.CleanBase(c.BasePath)
	}
	return public, nil
}

// checkNames refuses a base path, hosts and origins that no request can have.
func (c *httpCommand) checkNames() error {
	isOdd := func(r rune) bool {
		return !strings.ContainsRune("/-._~", r) && (r > '~' || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}
	if strings.ContainsFunc(c.BasePath, isOdd) {
		return &SettingError{Problem: "--base-path " + auditlog.Text(c.BasePath).Quote() + " is no plain path",
			Next: "use letters, digits, - . _ ~ and /, e.g. /make"}
	}
	for _, host := range c.AllowedHosts {
		if address, err := url.Parse("https://" + host); host != "*" && (err != nil || address.Host != host || host == "") {
			return &SettingError{Problem: "--allowed-hosts has " + auditlog.Text(host).Quote() + ", which is no host",
				Next: "give what clients send as Host, e.g. audit.example.com or 10.0.0.5:8080"}
		}
	}
	for _, origin := range c.AllowedOrigins {
		origin = strings.TrimSuffix(origin, "/")
		if address, err := url.Parse(origin); err != nil || address.Host == "" ||
			!strings.EqualFold(address.Scheme+"://"+address.Host, origin) {
			return &SettingError{Problem: "--allowed-origins has " + auditlog.Text(origin).Quote() + ", which is no origin",
				Next: "name each with its scheme and without a path, e.g. https://app.example.com"}
		}
	}
	return nil
}

// tls reads the certificate now, so that a mistake shows, and again whenever the file has changed, so that a renewed one needs no restart.
func (c *httpCommand) tls() (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil, nil
	}
	if c.TLSCert == "" || c.TLSKey == "" {
		return nil, &SettingError{Problem: "only one of --tls-cert and --tls-key is given", Next: "give both, or neither"}
	}
	files := &certificateFiles{certificate: c.TLSCert, key: c.TLSKey}
	if _, err := files.get(nil); err != nil {
		return nil, &SettingError{Problem: "the certificate cannot be used: " + err.Error(), Next: "give PEM files that belong together"}
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get}, nil
}

// certificateFiles is a certificate that may be renewed while the server runs: its files are looked at every ten seconds.
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
	if c.current != nil && time.Since(c.looked) < 10*time.Second {
		return c.current, nil
	}
	c.looked = time.Now()
	text, err := plaintext.ReadFile(c.certificate)
	if err == nil && !bytes.Equal(text, c.text) {
		var key []byte
		var loaded tls.Certificate
		if key, err = plaintext.ReadFile(c.key); err == nil {
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

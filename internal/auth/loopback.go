package auth

import "net/netip"

// IsLoopback reports whether a host, a name or an IP address without brackets, is this machine for itself.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

package postgres

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT, which package syscall does not name (tcp(7)).
const tcpUserTimeout = 18

// giveUp bounds how long what was sent may stay unacknowledged.
func giveUp(network, _ string, c syscall.RawConn) (err error) {
	if network == "unix" {
		return nil
	}
	if failed := c.Control(func(socket uintptr) {
		err = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, tcpUserTimeout, int(vanishedAfter.Milliseconds()))
	}); failed != nil {
		return failed
	}
	return err
}

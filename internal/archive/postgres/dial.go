package postgres

import (
	"net"
	"time"
)

const (
	// connectTimeout is how long a host may take to let a connection in before the next one of the address is tried.
	connectTimeout = 5 * time.Second
	// vanishedAfter is how long a machine may leave what it is sent unacknowledged. TCP itself gives up after a quarter of an hour, for
	// which calls would wait for a server that has another primary since.
	vanishedAfter = 10 * time.Second
	// pingTimeout is how long an idle connection may take to show that it works.
	pingTimeout = 3 * time.Second
)

// newDialer is how connections are made, so that a machine that vanishes is noticed whether it is spoken to or waited for.
func newDialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: vanishedAfter / 2, Interval: vanishedAfter / 4, Count: 2},
		Control:         giveUp,
	}
}

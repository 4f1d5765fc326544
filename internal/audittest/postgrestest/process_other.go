//go:build !unix

package postgrestest

import (
	"errors"
	"syscall"
)

// unprivileged is not known here.
func unprivileged(string) (*syscall.SysProcAttr, error) {
	return nil, errors.New("PostgreSQL is not run for tests on this system")
}

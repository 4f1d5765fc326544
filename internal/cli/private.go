package cli

import (
	"fmt"
	"os"
	goruntime "runtime"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/plaintext"
)

// private refuses files that others may read or write, unless the settings allow them. Pipes and devices are nobody's, and Windows has no
// such modes.
func (s *Settings) private(path string) error {
	info, err := os.Stat(path)
	if err != nil || s.InsecureFiles || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 || goruntime.GOOS == "windows" {
		return nil //nolint:nilerr // whoever reads it says why that fails
	}
	name := `"` + auditlog.Text(path).Clean() + `"` // whole, so that the command can be copied
	return &SettingError{
		Problem: fmt.Sprintf("others may read %s, which holds secrets: its mode is %04o", name, info.Mode().Perm()),
		Next:    fmt.Sprintf("run: chmod 600 %s; where the file system or a mount cannot do that, give --insecure-files", name),
	}
}

// readSecret reads a file that nobody else may read.
func (s *Settings) readSecret(path string) ([]byte, error) {
	if err := s.private(path); err != nil {
		return nil, err
	}
	return plaintext.ReadFile(path)
}

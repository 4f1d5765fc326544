package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheMemoryForLogsIsASize(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"0", "0MB", "64MB", "1GB", "512MiB", "1.5gib", "300 kB", "2KiB"} {
		run(t, "", "call", "--demo", "--demo-now", demoNow, "--cache-memory", size, "count_audit_logs", `{"from":"24h"}`).succeeds()
	}
	for _, size := range []string{"-1MB", "64", "MB", "1TB", "1e400MB", "NaNMB", "InfGB", "1e300GB", "0x", "64M", "1 2MB",
		"\u202e1MB", "64MBMB", " 64MB"} {
		got := run(t, "", "call", "--demo", "--cache-memory="+size, "count_audit_logs", `{"from":"24h"}`).refuses("cache-memory", "such as 64MB")
		assert.NotContains(t, got.errOut, "\u202e")
	}
	t.Run("from the environment", func(t *testing.T) {
		t.Parallel()
		a := newAcme(t)
		a.sync("--details", "none")
		told := func(flags ...string) string {
			return strings.Join(a.run(append([]string{"call", "count_audit_logs", `{"from":"30d"}`}, flags...)...).answer().Warnings, "\n")
		}
		assert.NotContains(t, told(), "--cache-memory")
		assert.Contains(t, told("--cache-memory=0"), "with a larger --cache-memory")
	})
}

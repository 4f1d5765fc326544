package licences_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/licences"
)

// release returns a release at root whose binaries are of the package in a folder.
func release(t *testing.T, root, folder string) dist.Release {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "binary")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = folder
	printed, err := build.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	release := disttest.Release(t)
	release.Root = root
	for _, platform := range dist.Platforms() {
		release.Binaries[platform] = binary
	}
	return release
}

// The binaries are those of the release's own command: what it is made of is known.
func TestEveryModuleOfABinaryIsListedAboveItsLicenceWhichIsThereOnce(t *testing.T) {
	t.Parallel()
	release := release(t, "..", "..")
	collected, err := licences.Collect(t.Context(), release)
	require.NoError(t, err)
	text := string(collected)
	parts := strings.Split(text, "\n"+strings.Repeat("=", 80)+"\n")
	under := func(line string) string {
		for _, part := range parts[1:] {
			files, licence, _ := strings.Cut(part, "\n\n")
			if strings.Contains("\n"+files+"\n", "\n"+line+"\n") {
				return licence
			}
		}
		assert.Failf(t, "not listed", "%s", line)
		return ""
	}
	assert.Contains(t, under("github.com/goreleaser/nfpm/v2 v2.45.2: LICENSE.md"), "Permission is hereby granted, free of charge")
	assert.Contains(t, under("std "+strings.TrimPrefix(runtime.Version(), "go")+": LICENSE"), "Redistribution and use in source and binary forms")
	apache := under("github.com/CycloneDX/cyclonedx-go v0.12.0: LICENSE")
	assert.Contains(t, apache, "Apache License")
	assert.Contains(t, under("github.com/CycloneDX/cyclonedx-go v0.12.0: NOTICE"), "CycloneDX", "Apache 2.0 asks for it as well")
	assert.Equal(t, 1, strings.Count(text, apache))
	assert.NotContains(t, text, "testify", "tests are not in it")

	again, err := licences.Collect(t.Context(), release)
	require.NoError(t, err)
	assert.Equal(t, text, string(again))
}

func TestAModuleWithoutALicenceIsNotReleased(t *testing.T) {
	t.Parallel()
	other := t.TempDir() // a repository that knows none of the binary's modules
	require.NoError(t, os.WriteFile(filepath.Join(other, "go.mod"), []byte("module other\n"), 0o600))
	_, err := licences.Collect(t.Context(), release(t, other, ".."))
	assert.ErrorContains(t, err, ": there is no file with its licence in")
}

package sbom_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/sbom"
)

// The binaries are those of the release's own command: what it is made of is known.
func TestTheListHasTheModulesOfTheBinariesAndTheirLicences(t *testing.T) {
	t.Parallel()
	self := filepath.Join(t.TempDir(), "release")
	printed, err := exec.CommandContext(t.Context(), "go", "build", "-o", self, "..").CombinedOutput()
	require.NoError(t, err, "%s", printed)
	release := disttest.New(t, "..")
	for _, platform := range dist.Platforms() {
		release.Binaries[platform] = self
	}
	require.NoError(t, sbom.Make(t.Context(), release))
	written := disttest.Read(t, release, "make-audit-mcp_1.2.3-rc.1.cdx.json")
	var bom cdx.BOM
	require.NoError(t, cdx.NewBOMDecoder(bytes.NewReader(written), cdx.BOMFileFormatJSON).Decode(&bom))
	assert.Equal(t, cdx.SpecVersion1_6, bom.SpecVersion)
	assert.Empty(t, bom.SerialNumber)
	assert.Equal(t, "2026-11-20T12:00:00Z", bom.Metadata.Timestamp)
	assert.Equal(t, "pkg:golang/make-audit-mcp@v1.2.3-rc.1", bom.Metadata.Component.PackageURL)

	licences := map[string][]string{}
	versions := map[string]string{}
	for _, component := range *bom.Components {
		assert.NotContains(t, versions, component.Name, "each is listed once")
		versions[component.Name] = component.Version
		assert.Equal(t, "pkg:golang/"+component.Name+"@"+component.Version, component.PackageURL)
		if component.Evidence != nil {
			for _, licence := range *component.Evidence.Licenses {
				licences[component.Name] = append(licences[component.Name], licence.License.ID)
			}
		}
	}
	assert.Equal(t, strings.TrimPrefix(runtime.Version(), "go"), versions["std"])
	assert.Equal(t, "v2.45.2", versions["github.com/goreleaser/nfpm/v2"])
	assert.Equal(t, []string{"MIT"}, licences["github.com/goreleaser/nfpm/v2"])
	assert.Equal(t, []string{"Apache-2.0"}, licences["github.com/CycloneDX/cyclonedx-go"])
	assert.Equal(t, []string{"BSD-3-Clause"}, licences["golang.org/x/crypto/x509roots/fallback"])
	assert.NotContains(t, versions, "github.com/stretchr/testify", "tests are not in it")
	assert.Len(t, *(*bom.Dependencies)[0].Dependencies, len(versions))
}

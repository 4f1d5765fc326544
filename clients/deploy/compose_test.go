package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// project reads a compose file as docker compose does.
func project(t *testing.T, file string) *types.Project {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	folder, err := filepath.Abs(filepath.Dir(file))
	require.NoError(t, err)
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: folder, ConfigFiles: []types.ConfigFile{{Filename: file, Content: text}},
		Environment: types.Mapping{"AUDIT_HOST": "audit.example.com"},
	}, func(o *loader.Options) {
		o.SetProjectName("audit", true)
		o.Profiles = []string{"*"}
	})
	require.NoError(t, err)
	return p
}

// servers are the services that are this program.
func servers(p *types.Project) (found []types.ServiceConfig) {
	for _, service := range p.Services {
		if service.Build != nil {
			found = append(found, service)
		}
	}
	return found
}

func TestComposeFilesKnowTheProgram(t *testing.T) {
	t.Parallel()
	for file, replicas := range map[string]int{"../../deploy/compose.yaml": 1, "../../deploy/fleet/compose.yaml": 3} {
		p := project(t, file)
		serving := 0
		for _, service := range servers(p) {
			args := []string(service.Command)
			if len(args) == 0 {
				args = []string{"http"} // the image's
				serving++
				require.NotNil(t, service.StopGracePeriod, service.Name)
				assert.Greater(t, time.Duration(*service.StopGracePeriod), 25*time.Second, "longer than --drain")
			}
			set := map[string]string{}
			for name, value := range service.Environment {
				require.NotNil(t, value, name)
				set[name] = *value
			}
			assert.True(t, service.ReadOnly, service.Name)
			assert.Equal(t, []string{"ALL"}, service.CapDrop, service.Name)
			assert.Positive(t, service.MemLimit, service.Name)
			assert.Empty(t, service.Ports, "%s: only the proxy is reached from outside", service.Name)
			secretsAreNamed(t, service, set)
			root, err := filepath.Abs("../..")
			require.NoError(t, err)
			assert.Equal(t, root, service.Build.Context)
			requireKnown(t, args, set)
		}
		assert.Equal(t, replicas, serving, file)
	}
}

// secretsAreNamed requires that each secret that is mounted is one that the environment names, and the other way round.
func secretsAreNamed(t *testing.T, service types.ServiceConfig, set map[string]string) {
	t.Helper()
	var mounted, named []string
	for _, secret := range service.Secrets {
		mounted = append(mounted, secret.Source)
	}
	for _, value := range set {
		if name, is := strings.CutPrefix(value, "/run/secrets/"); is {
			named = append(named, name)
		}
	}
	assert.ElementsMatch(t, named, mounted, service.Name)
}

func TestTheProxyOfAFleetKnowsItsReplicas(t *testing.T) {
	t.Parallel()
	p := project(t, "../../deploy/fleet/compose.yaml")
	text, err := os.ReadFile("../../deploy/fleet/nginx.conf")
	require.NoError(t, err)
	var names, addresses []string
	for _, service := range servers(p) {
		if len(service.Command) > 0 {
			continue
		}
		names = append(names, service.Name)
		address := service.Networks["inside"].Ipv4Address
		assert.NotContains(t, addresses, address)
		addresses = append(addresses, address)
		assert.NotEmpty(t, address, "nginx looks names up once")
	}
	var told []string
	for _, found := range regexp.MustCompile(`(?m)^\s+server (\S+):8080 `).FindAllStringSubmatch(string(text), -1) {
		told = append(told, found[1])
	}
	assert.ElementsMatch(t, names, told)
	proxy, err := p.GetService("proxy")
	require.NoError(t, err)
	require.Len(t, proxy.Ports, 1)
	assert.EqualValues(t, 8443, proxy.Ports[0].Target)
	assert.Contains(t, string(text), "listen 8443 ssl;")
	for _, secret := range proxy.Secrets {
		assert.Contains(t, string(text), "/run/secrets/"+secret.Source+";")
	}
	assert.True(t, proxy.ReadOnly)
	for _, volume := range proxy.Volumes {
		assert.True(t, volume.ReadOnly)
	}
}

// What the head of the file has people make is what it mounts.
func TestTheSecretsOfAFleetAreThoseThatItsHeadMakes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/fleet/compose.yaml")
	require.NoError(t, err)
	head, _, _ := strings.Cut(string(text), "\nx-server:")
	p := project(t, "../../deploy/fleet/compose.yaml")
	for name, secret := range p.Secrets {
		assert.Equal(t, name, filepath.Base(secret.File))
		assert.Equal(t, "secrets", filepath.Base(filepath.Dir(secret.File)))
		if name != "archive-key" { // which the first sync makes
			assert.Contains(t, head, name)
		}
	}
	first, err := p.GetService("first-sync")
	require.NoError(t, err)
	assert.Equal(t, []string{"once"}, first.Profiles)
	assert.Equal(t, "/made/archive-key", *first.Environment["MAKE_AUDIT_ARCHIVE_KEY"])
	assert.True(t, slices.ContainsFunc(first.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Target == "/made" && filepath.Base(v.Source) == "secrets"
	}))
}

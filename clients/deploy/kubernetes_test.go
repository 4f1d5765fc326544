package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const kubernetes = "../../deploy/kubernetes"

// kustomization is what is used of one (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/).
type kustomization struct {
	meta.TypeMeta
	Resources []string `json:"resources"`
	Images    []struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
		NewTag  string `json:"newTag"`
	} `json:"images"`
}

// manifests are all of the folder.
type manifests struct {
	kustomization kustomization
	settings      core.ConfigMap
	deployment    apps.Deployment
	service       core.Service
	disruption    policy.PodDisruptionBudget
	network       networking.NetworkPolicy
	ingress       networking.Ingress
	sync          batch.CronJob
}

// read reads a manifest strictly: what its type does not know is an error.
func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(kubernetes, name))
	require.NoError(t, err)
	document, err := yaml.YAMLToJSONStrict(text)
	require.NoError(t, err, name)
	strict, err := json.UnmarshalStrict(document, into) // which also knows capital letters from small ones, as the API server does
	require.NoError(t, err, name)
	require.Empty(t, strict, name)
	assert.NotContains(t, string(text), "kind: Secret", "secrets are made by hand")
}

func readAll(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{}
	for name, into := range map[string]any{"kustomization.yaml": &m.kustomization, "settings.yaml": &m.settings,
		"deployment.yaml": &m.deployment, "service.yaml": &m.service, "disruption.yaml": &m.disruption, "network.yaml": &m.network,
		"ingress.yaml": &m.ingress, "sync-cronjob.yaml": &m.sync} {
		read(t, name, into)
	}
	return m
}

func (m *manifests) pods() map[string]core.PodTemplateSpec {
	return map[string]core.PodTemplateSpec{"http": m.deployment.Spec.Template, "sync": m.sync.Spec.JobTemplate.Spec.Template}
}

func TestKubernetesManifestsAreWhatTheirTypesSay(t *testing.T) {
	t.Parallel()
	m := readAll(t)
	for kind, of := range map[string]meta.TypeMeta{"v1 ConfigMap": m.settings.TypeMeta, "apps/v1 Deployment": m.deployment.TypeMeta,
		"v1 Service": m.service.TypeMeta, "policy/v1 PodDisruptionBudget": m.disruption.TypeMeta,
		"networking.k8s.io/v1 NetworkPolicy": m.network.TypeMeta, "networking.k8s.io/v1 Ingress": m.ingress.TypeMeta,
		"batch/v1 CronJob": m.sync.TypeMeta, "kustomize.config.k8s.io/v1beta1 Kustomization": m.kustomization.TypeMeta} {
		assert.Equal(t, kind, of.APIVersion+" "+of.Kind)
	}
	files, err := filepath.Glob(filepath.Join(kubernetes, "*"))
	require.NoError(t, err)
	for _, file := range files {
		name := filepath.Base(file)
		if name != "kustomization.yaml" && name != "sync-cronjob.yaml" {
			assert.Contains(t, m.kustomization.Resources, name)
		}
	}
	assert.Len(t, m.kustomization.Resources, len(files)-2, "each is there")
}

func TestSelectorsFindTheReplicasAlone(t *testing.T) {
	t.Parallel()
	m := readAll(t)
	replicas, sync := labels.Set(m.deployment.Spec.Template.Labels), labels.Set(m.sync.Spec.JobTemplate.Spec.Template.Labels)
	for who, selector := range map[string]*meta.LabelSelector{"deployment": m.deployment.Spec.Selector,
		"disruption budget": m.disruption.Spec.Selector, "network policy": &m.network.Spec.PodSelector,
		"spread":  m.deployment.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector,
		"service": {MatchLabels: m.service.Spec.Selector}} {
		found, err := meta.LabelSelectorAsSelector(selector)
		require.NoError(t, err)
		assert.True(t, found.Matches(replicas), who)
		assert.False(t, found.Matches(sync), "%s: no calls go to a job", who)
	}
	assert.GreaterOrEqual(t, *m.deployment.Spec.Replicas, int32(2))
	assert.Less(t, m.disruption.Spec.MaxUnavailable.IntVal, *m.deployment.Spec.Replicas)
	assert.Zero(t, m.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntVal)
}

func TestPortsAgree(t *testing.T) {
	t.Parallel()
	m := readAll(t)
	ports := map[string]int32{}
	for _, port := range container(t, m.deployment.Spec.Template).Ports {
		ports[port.Name] = port.ContainerPort
	}
	assert.Equal(t, ports["mcp"], portOf(t, m.settings.Data["MCP_ADDRESS"]))
	assert.Equal(t, ports["metrics"], portOf(t, m.settings.Data["MCP_METRICS_ADDRESS"]))
	require.Len(t, m.service.Spec.Ports, 1, "metrics are not for the world")
	assert.Equal(t, intstr.FromString("mcp"), m.service.Spec.Ports[0].TargetPort)
	var opened []string
	for _, rule := range m.network.Spec.Ingress {
		require.NotEmpty(t, rule.From, "not from everywhere")
		for _, port := range rule.Ports {
			require.Contains(t, ports, port.Port.StrVal)
			opened = append(opened, port.Port.StrVal)
		}
	}
	assert.ElementsMatch(t, []string{"mcp", "metrics"}, opened)
	var reached []int32
	for _, rule := range m.network.Spec.Egress {
		for _, port := range rule.Ports {
			reached = append(reached, port.Port.IntVal)
		}
	}
	assert.ElementsMatch(t, []int32{53, 53, 443, 5432}, reached)
	for _, rule := range m.ingress.Spec.Rules {
		assert.Equal(t, "https://"+rule.Host, m.settings.Data["MCP_PUBLIC_URL"])
		for _, path := range rule.HTTP.Paths {
			assert.Equal(t, m.service.Name, path.Backend.Service.Name)
			assert.Equal(t, m.service.Spec.Ports[0].Name, path.Backend.Service.Port.Name)
			assert.Contains(t, []string{"/mcp", "/sse", "/message", "/.well-known/oauth-protected-resource"}, path.Path)
		}
	}
	hash := m.ingress.Annotations["nginx.ingress.kubernetes.io/upstream-hash-by"]
	assert.Equal(t, "hash "+hash+" consistent", m.ingress.Annotations["nginx.org/lb-method"])
	conf, err := os.ReadFile("../../deploy/fleet/nginx.conf")
	require.NoError(t, err)
	assert.Regexp(t, `default\s+`+strings.ReplaceAll(hash, "$", `\$`)+";", string(conf), "as nginx alone is told")
}

func TestReplicasAreProbedAndStoppedAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	m := readAll(t)
	one := container(t, m.deployment.Spec.Template)
	for path, probe := range map[string]*core.Probe{"/healthz": one.LivenessProbe, "/readyz": one.ReadinessProbe} {
		assert.Equal(t, path, probe.HTTPGet.Path)
		assert.Equal(t, "mcp", probe.HTTPGet.Port.StrVal)
	}
	assert.Equal(t, "/healthz", one.StartupProbe.HTTPGet.Path)
	drain, err := time.ParseDuration(m.settings.Data["MCP_DRAIN"])
	require.NoError(t, err)
	grace := time.Duration(*m.deployment.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	assert.Greater(t, grace, drain+time.Duration(one.Lifecycle.PreStop.Sleep.Seconds)*time.Second)
}

func TestPodsMayDoLittle(t *testing.T) {
	t.Parallel()
	for name, pod := range readAll(t).pods() {
		assert.True(t, *pod.Spec.SecurityContext.RunAsNonRoot, name)
		assert.EqualValues(t, 65532, *pod.Spec.SecurityContext.RunAsUser, "%s: as the image", name)
		assert.Equal(t, core.SeccompProfileTypeRuntimeDefault, pod.Spec.SecurityContext.SeccompProfile.Type, name)
		assert.False(t, *pod.Spec.AutomountServiceAccountToken, name)
		one := container(t, pod)
		assert.True(t, *one.SecurityContext.ReadOnlyRootFilesystem, name)
		assert.False(t, *one.SecurityContext.AllowPrivilegeEscalation, name)
		assert.Equal(t, []core.Capability{"ALL"}, one.SecurityContext.Capabilities.Drop, name)
		assert.Equal(t, "512Mi", one.Resources.Limits.Memory().String(), name)
	}
}

func TestPodsKnowTheProgram(t *testing.T) {
	t.Parallel()
	m := readAll(t)
	for name, pod := range m.pods() {
		one := container(t, pod)
		assert.Equal(t, m.settings.Name, one.EnvFrom[0].ConfigMapRef.Name, name)
		requireKnown(t, one.Args, nil)
		// Secrets that are mounted are those that settings name; a sync needs no token.
		require.Len(t, one.VolumeMounts, 1)
		mounted := map[string]bool{}
		for _, item := range pod.Spec.Volumes[0].Secret.Items {
			mounted[filepath.Join(one.VolumeMounts[0].MountPath, item.Path)] = true
			assert.Equal(t, item.Key, item.Path)
		}
		for variable, value := range m.settings.Data {
			if strings.HasPrefix(value, one.VolumeMounts[0].MountPath) && !(name == "sync" && variable == "MCP_AUTH_TOKEN_FILE") {
				assert.True(t, mounted[value], "%s: %s of %s", name, value, variable)
				delete(mounted, value)
			}
		}
		assert.Empty(t, mounted, "%s: what no setting names", name)
	}
	requireKnown(t, []string{"http"}, m.settings.Data)
	require.Len(t, m.kustomization.Images, 1)
	image := m.kustomization.Images[0]
	assert.Equal(t, container(t, m.deployment.Spec.Template).Image, image.Name)
	assert.Equal(t, publishedImage(t), image.NewName)
	assert.Regexp(t, `^\d+\.\d+\.\d+$`, image.NewTag)
}

func container(t *testing.T, pod core.PodTemplateSpec) core.Container {
	t.Helper()
	require.Len(t, pod.Spec.Containers, 1)
	return pod.Spec.Containers[0]
}

// The manifests can be read otherwise than by these tests.
func TestNoManifestHoldsTabsOrTwoDocuments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(kubernetes, "*.yaml"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "\t", file)
		assert.False(t, slices.Contains(strings.Split(string(bytes.TrimSpace(text)), "\n"), "---"), file)
	}
}

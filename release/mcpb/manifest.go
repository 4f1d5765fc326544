package mcpb

import (
	"net/mail"

	"make-audit-mcp/release/dist"
)

// manifest is a manifest.json of version 0.3.
type manifest struct {
	ManifestVersion  string        `json:"manifest_version"`
	Name             string        `json:"name"`
	DisplayName      string        `json:"display_name"`
	Version          string        `json:"version"`
	Description      string        `json:"description"`
	LongDescription  string        `json:"long_description"`
	Author           author        `json:"author"`
	Repository       repository    `json:"repository"`
	Homepage         string        `json:"homepage"`
	Documentation    string        `json:"documentation"`
	Support          string        `json:"support"`
	Icon             string        `json:"icon"`
	Server           server        `json:"server"`
	Tools            []tool        `json:"tools"`
	PromptsGenerated bool          `json:"prompts_generated"`
	Keywords         []string      `json:"keywords"`
	License          string        `json:"license"`
	PrivacyPolicies  []string      `json:"privacy_policies"`
	Compatibility    compatibility `json:"compatibility"`
	UserConfig       settings      `json:"user_config"`
}

type author struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type repository struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type server struct {
	Type       string    `json:"type"`
	EntryPoint string    `json:"entry_point"`
	Config     mcpConfig `json:"mcp_config"`
}

// mcpConfig says what a host starts; it puts its own values in place of ${…}.
type mcpConfig struct {
	start
	Env map[string]string `json:"env"`
	// Overrides go by the system alone, not by its processor.
	Overrides map[string]start `json:"platform_overrides"`
}

type start struct {
	Command string   `json:"command"`
	Args    []string `json:"args"`
}

type tool struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

type compatibility struct {
	Platforms []string `json:"platforms"`
}

// settings are what a host asks its user for, in this order.
type settings struct {
	APIKey         setting `json:"api_key"`
	Zone           setting `json:"zone"`
	Demo           setting `json:"demo"`
	OrganizationID setting `json:"organization_id"`
	Timezone       setting `json:"timezone"`
}

type setting struct {
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	// None is required, since the demo needs none. A default has hosts put something in place of the reference.
	Required  bool `json:"required"`
	Default   any  `json:"default"`
	Sensitive bool `json:"sensitive,omitempty"`
}

// describe returns the manifest of a bundle whose server has these tools.
func describe(r dist.Release, tools []tool) (manifest, error) {
	maintainer, err := mail.ParseAddress(r.Address.Maintainer)
	if err != nil {
		return manifest{}, err
	}
	address := "https://" + r.Address.Repository
	const folder, stdio = "${__dirname}/", "stdio"
	return manifest{
		ManifestVersion: "0.3", Name: dist.Name, DisplayName: "Make audit log", Version: r.Version,
		Description: "Ask about your Make.com organization's audit log: who did what, when, to which scenario, connection, webhook or key.",
		LongDescription: "Reads the audit log of a Make.com organization and answers questions about it: lists and counts entries exactly, " +
			"shows what one person did and what happened to one object, tells who has access and what stands out, each with the evidence. " +
			"It only reads. A demo answers without an account, from a simulated organization. Audit logs take an Enterprise plan of Make.",
		Author:     author{Name: maintainer.Name, Email: maintainer.Address},
		Repository: repository{Type: "git", URL: address + ".git"},
		Homepage:   address, Documentation: address + "#readme", Support: address + "/issues",
		Icon: "icon.png",
		Server: server{
			Type: "binary", EntryPoint: macOS,
			Config: mcpConfig{
				start: start{Command: folder + macOS, Args: []string{stdio}},
				Env: map[string]string{
					"MAKE_API_KEY": "${user_config.api_key}", "MAKE_ZONE": "${user_config.zone}", "MAKE_AUDIT_DEMO": "${user_config.demo}",
					"MAKE_ORGANIZATION_ID": "${user_config.organization_id}", "MAKE_TIMEZONE": "${user_config.timezone}",
				},
				Overrides: map[string]start{
					"win32": {Command: folder + windows, Args: []string{stdio}},
					"linux": {Command: "/bin/sh", Args: []string{folder + linux, stdio}},
				},
			},
		},
		Tools: tools, PromptsGenerated: true,
		Keywords: []string{"make.com", "audit log", "security"}, License: "Apache-2.0", PrivacyPolicies: []string{address + "#privacy"},
		Compatibility: compatibility{Platforms: []string{"darwin", "win32", "linux"}},
		UserConfig: settings{
			APIKey: setting{Type: "string", Title: "Make API key", Default: "", Sensitive: true,
				Description: "From Make, under Profile > API, with the scopes organizations:read, teams:read and user:read, and " +
					"audit-logs:read where Make offers it. The demo needs none."},
			Zone: setting{Type: "string", Title: "Make zone", Default: "",
				Description: "The host that you sign in to, e.g. eu1.make.com. The demo needs none."},
			Demo: setting{Type: "boolean", Title: "Demo", Default: false,
				Description: "Answer from a simulated organization: no account, no network."},
			OrganizationID: setting{Type: "string", Title: "Organization id", Default: "",
				Description: "Organization that questions are about when they name none; needed only where the key sees several."},
			Timezone: setting{Type: "string", Title: "Time zone", Default: "",
				Description: "In which days are meant, e.g. Europe/Prague. Empty: your Make user's."},
		},
	}, nil
}

package schemas

// DetectionRules is what find_suspicious_activity goes by.
type DetectionRules struct {
	Rules     []DetectionRule `json:"rules"`
	Baselines []DetectionRule `json:"baselines"`
	Limits    []Limit         `json:"limits"`
}

// DetectionRule is a rule in Sigma's terms, or a comparison with the baseline, which has a name and a title.
type DetectionRule struct {
	Name           string   `json:"name"`
	ID             string   `json:"id,omitempty"`
	Title          string   `json:"title"`
	Level          string   `json:"level,omitempty"`
	Status         string   `json:"status,omitempty"`
	Description    string   `json:"description,omitempty"`
	FalsePositives []string `json:"falsepositives,omitempty"`
	Fields         []string `json:"fields,omitempty"`
	References     []string `json:"references,omitempty"`
	NextStep       string   `json:"next_step,omitempty"`
	// Origin is builtin, or operator for those of --rules.
	Origin string `json:"origin,omitempty"`
}

// Limit is a number that baselines are measured by.
type Limit struct {
	Limit   string  `json:"limit"`
	Value   float64 `json:"value"`
	Meaning string  `json:"meaning"`
	Source  string  `json:"source"`
}

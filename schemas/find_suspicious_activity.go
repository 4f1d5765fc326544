package schemas

// FindSuspiciousActivityArguments ask what stands out.
type FindSuspiciousActivityArguments struct {
	Filter
	MinSeverity  string   `json:"min_severity,omitempty" jsonschema:"enum=low,enum=medium,enum=high,enum=critical" jsonschema_description:"Default low."`
	Rule         []string `json:"rule,omitempty" jsonschema_description:"Only these, as rules_evaluated names them."`
	BaselineDays int      `json:"baseline_days,omitempty" jsonschema:"minimum=1,maximum=365" jsonschema_description:"Days before the window, default 90."`
}

// FindSuspiciousActivityResult is what stands out of a window, against the time before it.
type FindSuspiciousActivityResult struct {
	Answer
	Findings       []Finding          `json:"findings" jsonschema_description:"The severest first. Empty: nothing stood out, or too little is known: see baseline and rules_evaluated."`
	FindingsTotal  int                `json:"findings_total"`
	BySeverity     SeverityCounts     `json:"by_severity" jsonschema_description:"All findings."`
	Suppressed     []Suppressed       `json:"suppressed,omitempty" jsonschema_description:"What suppress entries of the rules keep back."`
	RulesEvaluated []RuleEvaluated    `json:"rules_evaluated"`
	Baseline       FindingsBaseline   `json:"baseline"`
	Limits         map[string]float64 `json:"limits,omitempty" jsonschema_description:"Limits that were set; make://detection-rules has all."`
}

// Summary implements [Result].
func (r *FindSuspiciousActivityResult) Summary() Summary { return r.summary(len(r.Findings)) }

// SeverityCounts are how many findings there are of each severity.
type SeverityCounts struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
}

// RuleEvaluated is a rule that the window was held against, or a comparison with the baseline.
type RuleEvaluated struct {
	Rule     string `json:"rule"`
	Findings int    `json:"findings"`
	WhyNot   string `json:"why_not,omitempty" jsonschema_description:"Why it could not find anything, or not all."`
}

// Suppressed is how much one suppress entry kept back.
type Suppressed struct {
	Signals int    `json:"signals" jsonschema_description:"Hits of rules and baselines."`
	Why     string `json:"why"`
	By      string `json:"by"`
	Until   string `json:"until"`
}

// FindingsBaseline is the time before a window that findings are measured by.
type FindingsBaseline struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Entries  int    `json:"entries"`
	Complete bool   `json:"complete" jsonschema_description:"False: part of it is not covered, so that what seems new may only be unseen."`
}

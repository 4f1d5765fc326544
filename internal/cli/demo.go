package cli

import (
	"time"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

const (
	// demoSeed makes every demo the same.
	demoSeed = 1
	// demoZone is the zone that the demo's organization lives in.
	demoZone = "eu1.make.com"
	// demoInstance names the demo: it listens on another port in every process, but is the same.
	demoInstance = "demo"
	// demoWorld keeps the demo's archives apart from real ones.
	demoWorld = "demo"
)

// startDemo starts the simulated Make on loopback and points clients at it.
func (r *runtime) startDemo(options *makeapi.Options) error {
	now := time.Now
	if pinned := r.settings.DemoNow; !pinned.IsZero() {
		now = func() time.Time { return pinned }
	}
	simulated := makesim.New(makesim.Demo(now(), demoSeed), makesim.Options{Now: now, Seed: demoSeed})
	address, err := simulated.Listen(r.ctx)
	if err != nil {
		return &SettingError{Problem: "the demo cannot listen on 127.0.0.1: " + err.Error(),
			Next: "allow this program to listen on loopback"}
	}
	options.BaseURL, err = makeapi.ParseBaseURL(address)
	options.Now = now
	return err
}

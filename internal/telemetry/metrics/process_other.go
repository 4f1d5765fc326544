//go:build !linux && !darwin && !windows

package metrics

// processNumbers knows nothing of other systems.
func processNumbers() map[string]float64 { return map[string]float64{} }

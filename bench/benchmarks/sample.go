package main

import (
	"math"
	"slices"
)

// Sample is what was measured, a value a round, in the order of the rounds.
type Sample []float64

// Median returns the value in the middle; of an even number of them, the mean of the two.
func (s Sample) Median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Quantile returns the smallest value that at least so large a part (above 0, at most 1) of all is not above.
func (s Sample) Quantile(part float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(math.Ceil(part*float64(len(sorted))))-1]
}

// RatioTo returns how often the other sample fits into this one. Of samples of the same rounds it is the median of each round's own ratio,
// so that a machine that was slow for a while made both slow; else the ratio of the medians.
func (s Sample) RatioTo(other Sample) float64 {
	if len(s) != len(other) {
		return s.Median() / other.Median()
	}
	return s.combine(other, func(a, b float64) float64 { return a / b }).Median()
}

// Over returns how far this sample is above another of the same rounds, round by round.
func (s Sample) Over(other Sample) Sample {
	return s.combine(other, func(a, b float64) float64 { return a - b })
}

func (s Sample) combine(other Sample, with func(a, b float64) float64) Sample {
	combined := make(Sample, len(s))
	for i := range s {
		combined[i] = with(s[i], other[i])
	}
	return combined
}

// measure takes one value.
type measure func(round int) (float64, error)

// inTurn takes a value of each measure a round, one after the other: A B A B, so that whatever else the machine does hurts all of them
// alike. What the first rounds bring is not kept: they warm up. A measure is told which round it is.
func inTurn(warmUp, rounds int, measures ...measure) ([]Sample, error) {
	samples := make([]Sample, len(measures))
	for round := range warmUp + rounds {
		for i, take := range measures {
			value, err := take(round)
			if err != nil {
				return nil, err
			}
			if round >= warmUp {
				samples[i] = append(samples[i], value)
			}
		}
	}
	return samples, nil
}

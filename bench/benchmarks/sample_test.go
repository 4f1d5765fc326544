package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAMedianIsTheValueInTheMiddleWhateverTheOrder(t *testing.T) {
	t.Parallel()
	of := Sample{5, 1, 900}
	assert.InDelta(t, 5, of.Median(), 0)
	assert.Equal(t, Sample{5, 1, 900}, of, "rounds stay in their order")
	assert.InDelta(t, 3, Sample{5, 1, 900, 1}.Median(), 0, "between the two in the middle")
	assert.InDelta(t, 7, Sample{7}.Median(), 0)
}

func TestAQuantileIsAValueThatWasMeasured(t *testing.T) {
	t.Parallel()
	var hundred Sample
	for i := range 100 {
		hundred = append(hundred, float64(100-i))
	}
	assert.InDelta(t, 99, hundred.Quantile(0.99), 0)
	assert.InDelta(t, 50, hundred.Quantile(0.5), 0)
	assert.InDelta(t, 100, hundred.Quantile(1), 0)
	assert.InDelta(t, 3, Sample{3, 2, 1}.Quantile(0.99), 0, "of few it is the most")
}

// TestAMachineThatSlowsDownChangesNoRatio has one that became ten times as slow amid the second round: the ratio of the medians would be 5.
func TestAMachineThatSlowsDownChangesNoRatio(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 0.5, Sample{1, 10, 10}.RatioTo(Sample{2, 2, 20}), 0)
	assert.InDelta(t, 2, Sample{4, 6, 8}.RatioTo(Sample{3}), 0, "rounds that are not the same have medians only")
}

func TestTimeOverMakesIsTheDifferenceOfEachTurn(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Sample{2, -1}, Sample{5, 3}.Over(Sample{3, 4}))
}

func TestMeasuresTakeTurnsAndWarmUp(t *testing.T) {
	t.Parallel()
	turns := ""
	note := func(name string) measure {
		return func(round int) (float64, error) {
			turns += name
			return float64(round), nil
		}
	}
	samples, err := inTurn(1, 2, note("a"), note("b"))
	require.NoError(t, err)
	assert.Equal(t, "ababab", turns)
	assert.Equal(t, []Sample{{1, 2}, {1, 2}}, samples, "without the first round")
}

func TestAMeasureThatFailsEndsTheTurns(t *testing.T) {
	t.Parallel()
	broken := errors.New("no answer")
	_, err := inTurn(0, 2, func(int) (float64, error) { return 0, broken })
	assert.ErrorIs(t, err, broken)
}

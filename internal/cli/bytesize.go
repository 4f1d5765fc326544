package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// byteSize is a number of bytes as flags have it.
type byteSize int64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (b *byteSize) UnmarshalText(text []byte) error {
	number := strings.TrimRight(string(text), "KMGBikmgb ")
	unit, isUnit := map[string]float64{
		"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30,
	}[strings.ToUpper(strings.TrimSpace(string(text[len(number):])))]
	size, err := strconv.ParseFloat(number, 64)
	if isZero := err == nil && size == 0 && number == string(text); isZero {
		isUnit = true
	}
	size *= unit
	if err != nil || !isUnit || !(size >= 0 && size <= math.MaxInt64/2) {
		return fmt.Errorf("%s is no size; give a number with its unit, such as 64MB, 1GB or 512MiB, or 0", auditlog.Text(text).Quote())
	}
	*b = byteSize(size)
	return nil
}

package transport

import (
	"log/slog"
	"time"
)

// orDefault returns value if it is positive, else otherwise.
func orDefault[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// orDiscard returns a logger in any case.
func orDiscard(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}

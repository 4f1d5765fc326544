package cli

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/lmittmann/tint"
)

// logger writes to standard error: text, in colour only on a terminal, or JSON. Whatever a line holds, the key is never in it.
func (s *Settings) logger(to io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // the flag's enum holds only names that it knows
	hide := redactor(os.Getenv(environmentKey))
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level, ReplaceAttr: hide}))
	}
	return slog.New(tint.NewTextHandler(to, &tint.Options{
		Level: level, ReplaceAttr: hide, TimeFormat: time.DateTime,
		NoColor: !terminalColour(to),
	}))
}

// redactor hides attributes that are named like secrets, and the secret itself wherever it stands.
func redactor(secret string) func([]string, slog.Attr) slog.Attr {
	const hidden = "[hidden]"
	telling := []string{"authorization", "token", "secret", "password", "api_key", "apikey", "credential"}
	return func(_ []string, attribute slog.Attr) slog.Attr {
		name := strings.ToLower(attribute.Key)
		for _, word := range telling {
			if strings.Contains(name, word) {
				return slog.String(attribute.Key, hidden)
			}
		}
		if secret == "" {
			return attribute
		}
		switch value := attribute.Value.Resolve(); value.Kind() {
		case slog.KindString, slog.KindAny:
			if text := value.String(); strings.Contains(text, secret) {
				return slog.String(attribute.Key, strings.ReplaceAll(text, secret, hidden))
			}
		case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64, slog.KindGroup,
			slog.KindLogValuer:
		}
		return attribute
	}
}

package evidence

import (
	"context"
	"log/slog"
	"sync"

	"k8s.io/klog/v2"
)

var quietOnce sync.Once

// quiet has the warnings of Tessera go where our log goes, and drops the rest.
// Tessera's logger belongs to the process, so the first log opened decides.
func quiet(logger *slog.Logger) {
	quietOnce.Do(func() { klog.SetSlogLogger(slog.New(warnings{logger.Handler()}).With("library", "tessera")) })
}

// warnings is a handler that takes warnings and errors only.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

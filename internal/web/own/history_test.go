package own

import (
	"testing"

	"candour/internal/history"
)

// A choice and a place in the history stand in the address, and an address is
// read back as it was made.
func TestHistoryURL(t *testing.T) {
	for want, got := range map[string]string{
		"/history":                     historyURL(history.Everything, 0),
		"/history?show=looks":          historyURL(history.Looks, 0),
		"/history?before=7":            historyURL(history.Everything, 7),
		"/history?before=7&show=mails": historyURL(history.Mails, 7),
		"/history/9223372036854775807": entryURL(1<<63 - 1),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

package folder_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"candour/internal/folder"
)

// The end of the program waits for a command, but not for longer than it is
// given.
func TestStopIsBounded(t *testing.T) {
	f := folder.Folder(t.TempDir())
	begun, end := make(chan struct{}), make(chan struct{})
	stop, err := f.Serve(map[string]folder.Act{"long": func(context.Context, json.RawMessage) (any, error) {
		close(begun)
		<-end
		return "done", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	var answer string
	go func() { got <- f.Call(context.WithoutCancel(t.Context()), "long", nil, &answer) }()
	<-begun
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stop(over); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped with %v", err)
	}
	close(end)
	if err := <-got; err != nil || answer != "done" {
		t.Errorf("what ran was cut off: %q, %v", answer, err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

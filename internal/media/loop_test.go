package media

import (
	"context"
	"errors"
	"testing"
)

// What is no offer, or no answer, is refused, and nothing stays open of it. That
// sound comes back is tried in a browser (e2e/tests/app.test.mjs).
func TestLoopRefuses(t *testing.T) {
	r, err := New(Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // the test is over
	for _, offer := range []string{"", "x", "v=0\r\n"} {
		if _, _, err := r.NewLoop(context.Background(), offer); !errors.Is(err, ErrSDP) && !errors.Is(err, ErrCodec) {
			t.Errorf("%q: %v", offer, err)
		}
	}
}

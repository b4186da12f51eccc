package sip_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"candour/internal/sip"
)

// What opens no WebSocket for SIP is told apart before anything is written (RFC
// 6455 4.2.1, RFC 7118 4.1).
func TestWhatOpensAFlow(t *testing.T) {
	x := three(t, sip.Config{})
	for name, header := range map[string]http.Header{
		"no WebSocket": {}, "no subprotocol": {"Upgrade": {"websocket"}}, "another": {"Upgrade": {"websocket"}, "Sec-Websocket-Protocol": {"sips, xmpp"}},
		"another protocol": {"Upgrade": {"h2c"}, "Sec-Websocket-Protocol": {"sip"}},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/sip", nil)
		r.Header = header
		err := x.sip.ServeFlow(w, r, x.lines["ann"], func(context.Context) error { return nil })
		if !errors.Is(err, sip.ErrUpgrade) || w.Flushed || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

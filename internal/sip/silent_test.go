package sip_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// A thousand clients who open a way and say nothing block nobody: most stop half
// way through their opening, the others have as many flows as lines may have.
func TestSilentClientsBlockNobody(t *testing.T) {
	x := three(t, sip.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	addr := strings.TrimPrefix(x.web.URL, "http://")
	n := 0
	for name := range x.lines {
		for range 14 {
			sock, _, err := websocket.Dial(ctx, x.web.URL+"/"+name, &websocket.DialOptions{Subprotocols: []string{"sip"}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = sock.CloseNow() })
			n++
		}
	}
	for ; n < 1000; n++ {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if n%2 == 0 {
			_, _ = fmt.Fprintf(conn, "GET /ann HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n", addr)
		}
	}
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	to.accept()
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
	if n := len(x.sip.Registrations()); n != 2 {
		t.Errorf("%d devices are registered", n)
	}
}

package media

import (
	"context"
	"strings"
	"testing"
)

// Another network is offered what every network carries, and the caller hears it
// before it is answered; nobody hears the caller until then.
func TestEarlySound(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	web, network := newPeer(t, browser{shift: 1, video: []string{mimeVP8}}), newHandset(t)
	a, err := r.Accept(context.Background(), web.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := Early(a, a); err == nil {
		t.Error("a leg hears itself")
	}
	b, offer, err := r.InviteNetwork(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"opus", "48000", "video", "CN/"} {
		if strings.Contains(offer, not) {
			t.Errorf("a network is offered %s", not)
		}
	}
	network.take(offer)
	if err := Early(a, b); err == nil {
		t.Error("sound passes before any answer")
	}
	if err := b.Answered(network.describe("RTP/AVP", "0 101")); err != nil {
		t.Fatal(err)
	}
	answer, err := a.Answer()
	if err != nil {
		t.Fatal(err)
	}
	if err := Early(a, b); err != nil {
		t.Fatal(err)
	}
	web.take(answer)
	until(t, "a connection", func() bool { return web.connected.Load() && a.Stats().Connected })
	web.ear(mimePCMU).hears(network.ear(0), 0)
	before := a.Stats().Early
	until(t, "the caller's microphone", func() bool {
		web.say(audio, mimePCMU, []byte("nobody should hear"))
		return a.Stats().Early > before
	})
	if n := network.count(); n != 0 {
		t.Fatalf("the network heard %d packets before it answered", n)
	}
	if err := Bridge(a, b); err != nil {
		t.Fatal(err)
	}
	network.ear(0).hears(web.ear(mimePCMU), 0)
	web.ear(mimePCMU).hears(network.ear(0), 0)
}

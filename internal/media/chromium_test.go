package media

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/pion/rtp"
)

// page makes browsers of a call in one page; each has Chromium's false camera
// and microphone.
const page = `<!doctype html><title>call</title><script>
const ends = {};
async function begin(name, video) {
	const media = await navigator.mediaDevices.getUserMedia({audio: true, video});
	const pc = new RTCPeerConnection({bundlePolicy: "max-bundle"});
	media.getTracks().forEach(t => pc.addTrack(t, media));
	pc.ontrack = e => {
		const show = document.createElement(e.track.kind);
		show.autoplay = true;
		show.srcObject = new MediaStream([e.track]);
		document.body.append(show);
	};
	ends[name] = pc;
}
async function local(pc, d) {
	await pc.setLocalDescription(d);
	if (pc.iceGatheringState !== "complete")
		await new Promise(done => pc.addEventListener("icegatheringstatechange", () => pc.iceGatheringState === "complete" && done()));
	return pc.localDescription.sdp;
}
const way = (pc, direction) => pc.getTransceivers().filter(t => t.currentDirection !== "stopped").forEach(t => t.direction = direction);
const offer = async (name, direction, iceRestart) => { const pc = ends[name]; way(pc, direction); return local(pc, await pc.createOffer({iceRestart})); };
const take = async (name, sdp) => { await ends[name].setRemoteDescription({type: "answer", sdp}); return ""; };
const answer = async (name, sdp) => { const pc = ends[name]; await pc.setRemoteDescription({type: "offer", sdp}); return local(pc, await pc.createAnswer()); };
const dial = async (name, digits) => { ends[name].getSenders()[0].dtmf.insertDTMF(digits, 100, 70); return ""; };
async function stats(name) {
	const out = {state: ends[name].connectionState};
	(await ends[name].getStats()).forEach(s => {
		if (s.type === "inbound-rtp") out[s.kind] = {packets: s.packetsReceived, lost: s.packetsLost, frames: s.framesDecoded || 0, samples: s.totalSamplesReceived || 0};
	});
	return JSON.stringify(out);
}
</script><body>`

type chromium struct {
	t   *testing.T
	ctx context.Context
}

// newChromium opens the page. Chromium is one of the two browsers that people
// have; where none is installed there is nothing to try.
func newChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on the search path")
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(site.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("no-sandbox", os.Getuid() == 0),
		chromedp.Flag("allow-loopback-in-peer-connection", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true))
	limited, stop := context.WithTimeout(context.Background(), 3*patience)
	ctx, cancel := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	if _, err := chromedp.Run(ctx, chromedp.Navigate(site.URL)); err != nil {
		t.Fatal(err)
	}
	return &chromium{t, ctx}
}

// do calls a function of the page and waits for what it gives.
func (c *chromium) do(function string, args ...any) string {
	c.t.Helper()
	words, err := json.Marshal(args)
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := chromedp.Run(c.ctx, chromedp.Evaluate[string](fmt.Sprintf("%s(...%s).then(x => x || '')", function, words), chromedp.EvalAwaitPromise))
	if err != nil {
		c.t.Fatalf("%s: %v", function, err)
	}
	return out
}

// received is what a browser says that it got.
type received struct {
	State        string
	Audio, Video struct{ Packets, Lost, Frames, Samples int }
}

func (c *chromium) stats(name string) (r received) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.do("stats", name)), &r); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// sees waits until a browser hears and sees what it did not yet.
func (c *chromium) sees(name string) {
	c.t.Helper()
	before := c.stats(name)
	until(c.t, name+" hears and sees", func() bool {
		now := c.stats(name)
		return now.Audio.Packets > before.Audio.Packets+20 && now.Audio.Samples > before.Audio.Samples && now.Video.Frames > before.Video.Frames+10
	})
}

func TestChromiumCallsChromium(t *testing.T) {
	c := newChromium(t)
	quiet(t)
	r := newRelay(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c.do("begin", "caller", true)
	c.do("begin", "callee", true)
	a, err := r.Accept(t.Context(), c.do("offer", "caller", "sendrecv", false))
	must(err)
	b, offer, err := r.Invite(t.Context(), a)
	must(err)
	must(b.Answered(c.do("answer", "callee", offer)))
	answer, err := a.Answer()
	must(err)
	c.do("take", "caller", answer)
	must(Bridge(a, b))
	c.sees("caller")
	c.sees("callee")

	for _, s := range []struct {
		name, far string
		l, other  *Leg
	}{{"caller", "callee", a, b}, {"callee", "caller", b, a}} {
		for _, step := range []struct {
			way     string
			restart bool
		}{{"sendonly", false}, {"sendrecv", false}, {"sendrecv", true}} {
			answer, dir, err := s.l.Reoffered(c.do("offer", s.name, step.way, step.restart))
			must(err)
			c.do("take", s.name, answer)
			if step.restart { // nothing new for the other side
				continue
			}
			offer, err := s.other.Reoffer(dir)
			must(err)
			must(s.other.Answered(c.do("answer", s.far, offer)))
		}
		c.sees("caller")
		c.sees("callee")
		digits := s.l.Stats().Digits
		c.do("dial", s.name, "12")
		until(t, "digits", func() bool { return s.l.Stats().Digits >= digits+6 })
		must(s.l.Digit('5', digitMost))
	}
	c.sees("caller")
	c.sees("callee")
	for _, name := range []string{"caller", "callee"} {
		// What is under way while ICE restarts may be lost, and nothing else.
		if got := c.stats(name); got.State != "connected" || got.Audio.Lost*20 > got.Audio.Packets || got.Video.Lost*20 > got.Video.Packets {
			t.Errorf("%s: %+v", name, got)
		}
	}
	t.Logf("%+v %+v", c.stats("caller"), a.Stats())
	must(a.Close())
	must(b.Close())
}

// What a browser and an ordinary phone say reaches the other, digits too.
func TestChromiumCallsAPhone(t *testing.T) {
	c := newChromium(t)
	quiet(t)
	phone := newHandset(t)
	c.do("begin", "caller", true)
	a, b, offer := offers(t, newRelay(t), c.do("offer", "caller", "sendrecv", false), Phone)
	phone.take(offer)
	if err := b.Answered(phone.describe("RTP/AVP", "0 97")); err != nil {
		t.Fatal(err)
	}
	c.do("take", "caller", join(t, a, b))
	silence := bytes.Repeat([]byte{0xff}, 160)
	until(t, "sound from both", func() bool {
		phone.say(0, silence)
		got := c.stats("caller")
		return got.State == "connected" && got.Audio.Packets > 20 && got.Audio.Samples > 0 && phone.count() > 20
	})
	c.do("dial", "caller", "7")
	until(t, "a digit", func() bool {
		phone.say(0, silence)
		phone.mu.Lock()
		defer phone.mu.Unlock()
		return slices.ContainsFunc(phone.heard, func(p *rtp.Packet) bool {
			return p.PayloadType == 97 && len(p.Payload) == 4 && p.Payload[0] == 7 && p.Payload[1]&0x80 != 0
		})
	})
	if err := a.Digit('5', digitMost); err != nil {
		t.Error(err)
	}
	for _, l := range []*Leg{a, b} {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

package sip_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// baresip is an ordinary SIP phone of another's making: baresip, without a screen.
type baresip struct {
	t     *testing.T
	dir   string // where it writes down what it said and heard
	ctrl  net.Conn
	ended chan struct{}

	mu   sync.Mutex
	said bytes.Buffer // its own words, shown when a test fails
	seen []string     // what happened to it
}

// moduleDirs are where Debian has its modules.
var moduleDirs = []string{"/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"}

// baresip starts a phone that speaks a tone, with credentials of its own.
func (x *exchange) baresip(name, network string, tone float64, auto bool) *baresip {
	x.t.Helper()
	program, err := exec.LookPath("baresip")
	if err != nil {
		x.t.Fatal("baresip is not installed: scripts/setup.sh test does that")
	}
	modules := ""
	for _, m := range moduleDirs {
		if _, err := os.Stat(m); err == nil {
			modules = m
		}
	}
	d := &baresip{t: x.t, dir: x.t.TempDir(), ended: make(chan struct{})}
	_, c := x.device(x.lines[name])
	port := free(x.t)
	d.file("tone.wav", wave(tone))
	answer := "manual"
	if auto {
		answer = "auto"
	}
	d.file("accounts", []byte(fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%s;outbound=\"sip:%s;transport=%s\";regint=120;audio_codecs=PCMU;answermode=%s\n",
		x.lines[name].Extension, domain, strings.ToLower(network), c.Username, c.Password, x.phones(), strings.ToLower(network), answer)))
	d.file("config", []byte(strings.Join([]string{
		"sip_listen 127.0.0.1:0", "net_interface 127.0.0.1", "rtp_stats yes", "audio_source aufile," + filepath.Join(d.dir, "tone.wav"),
		"audio_player aubridge,x", "audio_alert aubridge,x", "snd_path " + d.dir, "ctrl_tcp_listen 127.0.0.1:" + strconv.Itoa(port),
		"module_path " + modules, "module g711.so", "module aufile.so", "module aubridge.so", "module sndfile.so", "module_app account.so",
		"module_app menu.so", "module_app ctrl_tcp.so", "",
	}, "\n")))
	cmd := exec.Command(program, "-4", "-s", "-f", d.dir) // -s: it shows its messages
	cmd.Dir = d.dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		_, _ = io.Copy(d, out)
		_ = cmd.Wait()
	}()
	x.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-d.ended
		if x.t.Failed() {
			x.t.Logf("%s:\n%s", name, d.said.String())
		}
	})
	x.until("the phone can be told what to do", func() bool {
		d.ctrl, err = net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		return err == nil
	})
	x.t.Cleanup(func() { _ = d.ctrl.Close() })
	go d.watch()
	return d
}

// Write keeps the phone's words.
func (d *baresip) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.Write(b)
}

func (d *baresip) file(name string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// watch notes what the phone tells: JSON in netstrings.
func (d *baresip) watch() {
	r := bufio.NewReader(d.ctrl)
	for {
		size, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
		if err != nil {
			return
		}
		b := make([]byte, n+1) // and a comma
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		var e struct{ Type, Param string }
		if json.Unmarshal(b[:n], &e) == nil && e.Type != "" {
			d.mu.Lock()
			d.seen = append(d.seen, e.Type)
			d.mu.Unlock()
		}
	}
}

// does tells the phone what to do.
func (d *baresip) does(command, params string) {
	d.t.Helper()
	b, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(d.ctrl, "%d:%s,", len(b), b); err != nil {
		d.t.Fatal(err)
	}
}

// happened reports whether something happened to it since it was last asked for.
func (d *baresip) happened(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, s := range d.seen {
		if s == what {
			d.seen = d.seen[i+1:]
			return true
		}
	}
	return false
}

// size is how much it has said.
func (d *baresip) size() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.Len()
}

// has reports whether its messages hold a line.
func (d *baresip) has(line string) bool { return d.hasSince(0, line) }

func (d *baresip) hasSince(from int, line string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Contains(d.said.Bytes()[from:], []byte(line))
}

// free is a port that nobody listens on.
func free(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}) // which another program may have
		_ = l.Close()
		if err == nil {
			_ = u.Close()
			return port
		}
	}
	t.Fatal("no port is free for both")
	return 0
}

const rate = 8000 // samples a second

// wave is a minute of a tone.
func wave(hertz float64) []byte {
	n := 60 * rate
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, v := range []any{uint32(36 + 2*n), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(2 * n)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	for i := range n {
		_ = binary.Write(&b, binary.LittleEndian, int16(10_000*math.Sin(2*math.Pi*hertz*float64(i)/rate)))
	}
	return b.Bytes()
}

// heard is what the phone wrote down of what it heard, in samples.
func (d *baresip) heard() (samples []float64, err error) {
	files, _ := filepath.Glob(filepath.Join(d.dir, "*dec.wav"))
	if len(files) == 0 {
		return nil, errors.New("nothing was written down")
	}
	b, err := os.ReadFile(files[len(files)-1])
	if err != nil || len(b) < 44 {
		return nil, errors.Join(err, errors.New("nothing was heard"))
	}
	i := bytes.Index(b, []byte("data"))
	if i < 0 {
		return nil, errors.New("no wave")
	}
	for b = b[i+8:]; len(b) >= 2; b = b[2:] {
		samples = append(samples, float64(int16(binary.LittleEndian.Uint16(b))))
	}
	return samples, nil
}

// loud is how much of a tone is in samples, against all that is in them: 1 is
// nothing else (Goertzel's way).
func loud(samples []float64, hertz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*hertz/rate)
	var one, two, all float64
	for _, x := range samples {
		one, two = x+w*one-two, one
		all += x * x
	}
	if all == 0 {
		return 0
	}
	return 2 * (one*one + two*two - w*one*two) / (all * float64(len(samples)))
}

// hears waits until at least a second of the last that the phone heard is a
// tone.
func (x *exchange) hears(d *baresip, hertz float64) {
	x.t.Helper()
	x.until(fmt.Sprintf("%v Hz is heard", hertz), func() bool {
		s, err := d.heard()
		if err != nil || len(s) < rate {
			return false
		}
		return loud(s[len(s)-rate/2:], hertz) > 0.8
	})
}

// Two real phones talk: each hears the other's tone. One puts the other on hold
// and takes it back, sends a digit, and hangs up.
func TestRealPhones(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			x := three(t, sip.Config{})
			b := x.baresip("ben", network, 440, false)
			c := x.baresip("cat", network, 1000, true)
			x.until("both have signed in", func() bool { return len(x.sip.Registrations()) == 2 })
			b.does("dial", "sip:1003@"+domain)
			x.until("they talk", func() bool { return b.happened("CALL_ESTABLISHED") })
			x.hears(c, 440)
			x.hears(b, 1000)
			b.does("hold", "")
			x.until("the other is on hold", func() bool { return c.has("a=sendonly") && b.has("a=recvonly") })
			before := b.size()
			b.does("resume", "")
			x.until("they talk again", func() bool { return b.hasSince(before, "a=sendrecv") })
			x.hears(c, 440)
			x.hears(b, 1000)
			b.does("hangup", "")
			x.until("the call is over there too", func() bool { return c.happened("CALL_CLOSED") })
			if e := x.kept("cat", telecom.Completed); e.Far != "1002" {
				t.Error("the list has another caller")
			}
		})
	}
}

package sip_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// network is another network of another's making: sipp, which plays what a
// scenario says and fails where it does not come to pass.
type network struct {
	t    *testing.T
	dir  string
	done chan error
}

// says is an answer in a scenario: what it repeats of the request, headers, and a
// description if it has one. how are attributes of the element.
func says(how, status, to, headers, sdp string) string {
	length := "Content-Length: 0\n"
	if sdp != "" {
		length = "Content-Type: application/sdp\nContent-Length: [len]\n\n" + sdp
	}
	return "<send" + how + "><![CDATA[\nSIP/2.0 " + status + "\n[last_Via:]\n[last_From:]\n[last_To:]" + to + "\n[last_Call-ID:]\n[last_CSeq:]\n" + headers + length + "\n]]></send>\n"
}

// within is a request in a scenario, within the call that it made.
func within(how, method string, seq int, more ...string) string {
	return fmt.Sprintf(`<send%[1]s><![CDATA[
%[2]s [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:02079460018@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: %[3]d %[2]s
Max-Forwards: 70
%[4]sContent-Length: 0

]]></send>
`, how, method, seq, strings.Join(more, ""))
}

const (
	freshTag = ";tag=[call_number]"
	sippHere = "Contact: <sip:carrier@[local_ip]:[local_port];transport=[transport]>\n"
	sippSays = `v=0
o=carrier 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000`
	scenarioHead = `<?xml version="1.0" encoding="ISO-8859-1" ?>
`
)

// carrierScenario is a network that is looked at, registered at with a digest, and
// called: it rings with sound before the answer, answers, and is told BYE.
var carrierScenario = scenarioHead + `<scenario name="carrier">
<recv request="OPTIONS" optional="true" next="1"/>
<recv request="REGISTER" optional="true" next="2"/>
<recv request="INVITE"/>
` + says("", "183 Session Progress", freshTag, sippHere, sippSays) +
	says(` retrans="500"`, "200 OK", freshTag, sippHere+"Record-Route: <sip:[local_ip]:[local_port];lr>\n", sippSays) + `
<recv request="ACK"/>
<recv request="BYE"/>
` + says(` next="9"`, "200 OK", "", "", "") + `
<label id="1"/>
` + says(` next="9"`, "200 OK", freshTag, "", "") + `
<label id="2"/>
` + says("", "401 Unauthorized", freshTag, `WWW-Authenticate: Digest realm="carrier.example", nonce="8f3b1c", algorithm=MD5, qop="auth"
`, "") + `
<recv request="REGISTER" auth="true"><action>
<verifyauth assign_to="right" username="house" password="harbour lantern"/>
</action></recv>
<nop next="3" test="right"/>
` + says(` next="9"`, "403 Forbidden", freshTag, "", "") + `
<label id="3"/>
` + says("", "200 OK", freshTag, "[last_Contact:];expires=600\n", "") + `
<label id="9"/>
<Reference variables="right"/>
</scenario>
`

// calls is an INVITE in a scenario, to a number of ours.
func calls(more string) string {
	return `<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:02079460018@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
` + sippHere + `P-Asserted-Identity: <sip:+442079460019@[local_ip]>
Max-Forwards: 70
` + more + `Content-Type: application/sdp
Content-Length: [len]

` + sippSays + `
]]></send>
<recv response="100" optional="true"/>
`
}

// callerScenario is a network that calls a number, talks for a moment and hangs up.
var callerScenario = scenarioHead + `<scenario name="caller">
` + calls("") + `<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
` + within("", "ACK", 1) + within(` retrans="500"`, "BYE", 2) + `
<recv response="200"/>
</scenario>
`

// sureScenario is one that wants to acknowledge that it rings, and refreshes its
// session.
var sureScenario = scenarioHead + `<scenario name="sure">
` + calls("Require: 100rel\nSupported: 100rel, timer\nSession-Expires: 1800;refresher=uac\n") + `<recv response="180" rrs="true"><action>
<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>
</action></recv>
` + within(` retrans="500"`, "PRACK", 2, "RAck: [$rseq] 1 INVITE\n") + `
<recv response="200"/>
<recv response="200" rrs="true"><action>
<ereg regexp="1800;refresher=uac" search_in="hdr" header="Session-Expires:" check_it="true" assign_to="timer"/>
</action></recv>
` + within("", "ACK", 1) + within(` retrans="500"`, "UPDATE", 3, sippHere, "Supported: timer\nSession-Expires: 1800;refresher=uac\n") + `
<recv response="200"><action>
<ereg regexp="1800;refresher=uac" search_in="hdr" header="Session-Expires:" check_it="true" assign_to="timer"/>
</action></recv>
` + within(` retrans="500"`, "BYE", 4) + `
<recv response="200"/>
<Reference variables="timer"/>
</scenario>
`

// sipp plays a scenario over UDP or TCP for so many calls.
func (x *exchange) sipp(scenario, transport string, port, calls int, more ...string) *network {
	x.t.Helper()
	program, err := exec.LookPath("sipp")
	if err != nil {
		x.t.Fatal("sipp is not installed: scripts/setup.sh test does that")
	}
	n := &network{t: x.t, dir: x.t.TempDir(), done: make(chan error, 1)}
	file := filepath.Join(n.dir, "scenario.xml")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		x.t.Fatal(err)
	}
	over := map[string]string{trunk.UDP: "u1", trunk.TCP: "t1"}[transport]
	args := append([]string{"-sf", file, "-t", over, "-i", "127.0.0.1", "-p", strconv.Itoa(port), "-m", strconv.Itoa(calls), "-nostdin", "-trace_msg", "-message_file", filepath.Join(n.dir, "messages"), "-trace_err", "-error_file", filepath.Join(n.dir, "errors"), "-default_behaviors", "-bye"}, more...)
	cmd := exec.Command(program, args...) //nolint:gosec // a test's own
	cmd.Dir = n.dir
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { n.done <- cmd.Wait(); close(ended) }()
	x.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if x.t.Failed() {
			x.t.Log(n.read("errors"), n.read("messages"))
		}
	})
	return n
}

func (n *network) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(n.dir, name)) //nolint:gosec // a test's own
	return string(b)
}

// finished waits for the end of the scenario, and wants all of it to have come to
// pass.
func (n *network) finished() {
	n.t.Helper()
	select {
	case err := <-n.done:
		if err != nil {
			n.t.Fatalf("the network saw something else: %v", err)
		}
	case <-time.After(patience):
		n.t.Fatal("the network waits for something")
	}
}

// toward connects one trunk to where sipp is, known by address or registered at.
func (x *exchange) toward(transport string, port int, registers bool) string {
	x.t.Helper()
	one := trunk.Trunk{
		ID: "sipp", Recipient: "carriers", Emergency: "emergency-services", Host: "127.0.0.1", Port: port, Transport: transport, Domain: "carrier.example",
		Numbers: []trunk.Range{{From: "+441527306"}}, Takes: []trunk.Way{{Prefix: "+", Priority: 1}}, Capacity: 10, Identity: trunk.Asserted, Dials: trunk.National,
	}
	if registers {
		one.Register = &trunk.Registration{Username: "house", Password: "harbour lantern", Expires: 5 * time.Minute}
	}
	a, err := x.sip.ConnectTrunks(x.t.Context(), trunk.File{Listen: "127.0.0.1:0", Trunks: []trunk.Trunk{one}})
	if err != nil {
		x.t.Fatal(err)
	}
	return a.String()
}

// listening waits until sipp takes messages.
func (x *exchange) listening(transport string, port int) {
	x.until("sipp listens", func() bool {
		if transport == trunk.TCP {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		}
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
}

// A page calls through a trunk of another's making, and calls for help with its
// number withheld: over UDP and TCP, registering and known by address (L29, L38).
func TestOutThroughSipp(t *testing.T) {
	for _, transport := range []string{trunk.UDP, trunk.TCP} {
		for _, registers := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s registering %v", transport, registers), func(t *testing.T) {
				x, _ := outside(t, 0, sip.Config{}, nil)
				x.t = t
				port, calls := free(t), 3 // it is looked at once
				if registers {
					calls++
				}
				n := x.sipp(carrierScenario, transport, port, calls)
				x.listening(transport, port)
				x.toward(transport, port, registers)
				x.until("it is up", func() bool { st := x.sip.Trunks()[0]; return st.Up && st.Registered == registers })
				a := x.registered("ann")
				from := a.call("02079460018")
				a.answer("INVITE", from.seq, 183)
				from.connected()
				from.ask("BYE", 200, "", "")
				x.kept("ann", telecom.Completed)
				from = a.helped("141999", deviceFix, "Privacy: id")
				from.connected()
				from.ask("BYE", 200, "", "")
				n.finished()
				said := n.read("messages")
				for _, want := range []string{"INVITE sip:02079460018@127.0.0.1", "INVITE sip:999@127.0.0.1", "Geolocation: <cid:", "52.306900 -1.936700", "P-Asserted-Identity: <sip:01527306001@carrier.example>", "Route: <sip:127.0.0.1:" + strconv.Itoa(port) + ";lr>"} {
					if !strings.Contains(said, want) {
						t.Errorf("the network was not told %q", want)
					}
				}
				if strings.Contains(said, "anonymous") || strings.Contains(said, a.id) || strings.Contains(said, "Spyphone") {
					t.Error("the network was told what it should not be")
				}
				x.kept("ann", telecom.Completed)
			})
		}
	}
}

// A network of another's making calls a line by its number: as most do, and one
// that wants to be sure that it rings (RFC 3262) and refreshes its session (RFC 4028).
func TestInThroughSipp(t *testing.T) {
	for _, c := range []struct{ name, transport, scenario string }{
		{"udp", trunk.UDP, callerScenario}, {"tcp", trunk.TCP, callerScenario}, {"udp, surely", trunk.UDP, sureScenario}, {"tcp, surely", trunk.TCP, sureScenario},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport := c.transport
			x, _ := outside(t, 0, sip.Config{}, nil)
			x.t = t
			port := free(t)
			door := x.toward(transport, port, false)
			b := x.registered("ben")
			n := x.sipp(c.scenario, transport, port, 1, "-s", "01527306002", door)
			d := b.rings()
			if got := d.asked.From().Address.User; got != "+442079460019" {
				t.Errorf("Ben is shown %s", got)
			}
			if c.scenario == sureScenario {
				x.until("it is acknowledged that it rings", func() bool { return strings.Contains(n.read("messages"), "PRACK sip:") })
			}
			d.accept()
			d.bye()
			n.finished()
			if e := x.kept("ben", telecom.Completed); e.Far != "+442079460019" {
				t.Errorf("Ben's list has %q", e.Words)
			}
			if s := n.read("messages"); strings.Contains(s, b.id) || strings.Contains(s, "Spyphone") || strings.Contains(s, "1002@") {
				t.Error("the network was told of Ben's device")
			}
		})
	}
}

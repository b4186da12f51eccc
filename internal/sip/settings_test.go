package sip_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// set sets something of a line, as its person does on the page.
func (x *exchange) set(name string, act func(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line) error) {
	x.t.Helper()
	l := x.lines[name]
	err := x.house.Store.Update(context.Background(), func(tx *store.Tx) error {
		return act(context.Background(), tx, x.access(name), l)
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *exchange) access(name string) vault.Access {
	x.t.Helper()
	r, err := telecom.SettingsRolesOf(x.house.InForce())
	if err != nil {
		x.t.Fatal(err)
	}
	return vault.Access{Actor: x.lines[name].Role.Actor(), Purpose: r.Purpose, Surface: r.Form.Surfaces[0], Own: true}
}

func (x *exchange) option(name, field, value string) {
	x.t.Helper()
	x.set(name, func(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line) error {
		return x.house.desk.Set(ctx, tx, a, l, field, value)
	})
}

func (x *exchange) forward(name string, way telecom.Way, to string, after time.Duration) {
	x.t.Helper()
	if err := x.house.desk.SetForward(context.Background(), x.access(name), x.lines[name], way, to, after); err != nil {
		x.t.Fatal(err)
	}
}

// four people: the fourth is whom others' calls go on to.
func four(t *testing.T, c sip.Config) *exchange {
	t.Helper()
	h := open(t)
	return h.serve(t, c, map[string]telecom.Line{
		"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002"), "cat": h.line(identity.Partner, "1003"), "dan": h.line(identity.CustomerUser, "1004"),
	})
}

// newest is the newest call in somebody's list.
func (x *exchange) newest(name string) telecom.Entry {
	x.t.Helper()
	list := x.house.calls(x.lines[name])
	if len(list) == 0 {
		x.t.Fatalf("%s has no call", name)
	}
	return list[0]
}

func (x *exchange) idle() {
	x.t.Helper()
	x.until("no call is left", func() bool { return len(x.sip.Calls()) == 0 })
}

// Calls that are forwarded always ring where they go on to, and nowhere else. The
// caller is told nothing of it; whom it comes to sees who called, and who
// forwarded it (L30, PECR reg 17). The records say it: of the caller a call to whom
// they dialled, of who forwards a call that came and one of their own.
func TestForwardAlways(t *testing.T) {
	x := four(t, sip.Config{})
	x.forward("ben", telecom.Always, "1003", 0)
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	from := a.call("1002")
	to := c.rings()
	if got := to.asked.From(); got.Address.User != "1001" {
		t.Errorf("From is %s", got.Value())
	}
	if got := to.asked.GetHeader("Diversion"); got == nil || !strings.Contains(got.Value(), "sip:1002@") {
		t.Errorf("Diversion is %v", got)
	}
	to.accept()
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.idle()
	if e := x.newest("ann"); e.Far != "1002" || e.Code != telecom.Completed || e.Went {
		t.Errorf("the caller's list has %s, %v", e.Code, e.Went)
	}
	if e := x.newest("cat"); e.Far != "1001" || e.Code != telecom.Completed || !e.Went || e.Via != "1002" || e.Made {
		t.Errorf("the list of who took it has %s %q, %v by %q", e.Code, e.Far, e.Went, e.Via)
	}
	own := x.house.calls(x.lines["ben"])
	if len(own) != 2 || !own[0].Made || own[0].Far != "1003" || own[0].Via != "1001" || own[1].Made || own[1].Far != "1001" || own[1].Code != telecom.Forwarded {
		t.Errorf("the list of who forwards it has %d", len(own))
	}
	b.quiet()
	a.lose()
	if all := a.all.String(); regexp.MustCompile(`\b1003\b`).MatchString(all) || strings.Contains(all, " 181 ") || strings.Contains(all, "History-Info") {
		t.Error("the caller is told where the call went")
	}
}

// A busy line, one that does not answer, and one with no phone: each forwards as
// it was set, and not otherwise.
func TestForwardWhenBusyOrUnanswered(t *testing.T) {
	x := four(t, sip.Config{NoAnswer: 30 * time.Second})
	a, b, c, d := x.registered("ann"), x.registered("ben"), x.registered("cat"), x.registered("dan")
	x.forward("ben", telecom.WhenBusy, "1003", 0)
	from := a.call("1002")
	b.rings().reply(486, "")
	b.asked("ACK")
	to := c.rings()
	to.accept()
	from.connected()
	to.ask("BYE", 200, "", "")
	from.bye()
	x.idle()

	// Declined is declined.
	from = a.call("1002")
	b.rings().reply(603, "")
	b.asked("ACK")
	from.refused(603)
	x.idle()
	c.quiet()

	// The first rings no more when the call goes on.
	x.forward("ben", telecom.WhenUnanswered, "1004", telecom.LeastRinging)
	from = a.call("1002")
	late := b.rings()
	to = d.rings()
	late.cancelled()
	to.accept()
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.idle()
	if e := x.newest("dan"); e.Via != "1002" || e.Far != "1001" {
		t.Errorf("who took it has %q by %q", e.Far, e.Via)
	}

	b.register(0, 200)
	from = a.call("1002")
	to = d.rings()
	from.cancel()
	from.refused(487)
	to.cancelled()
	x.idle()
	if e := x.newest("ann"); e.Code != telecom.Cancelled {
		t.Errorf("the caller gave up, and their list says %s", e.Code)
	}
}

// Calls never go round: not back to the caller, not in a circle that was made
// behind our back, and not for ever.
func TestForwardGoesNotRound(t *testing.T) {
	x := four(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	x.forward("ben", telecom.Always, "1001", 0)
	from := a.call("1002")
	to := b.rings() // back to the caller it would be
	from.cancel()
	from.refused(487)
	to.cancelled()
	x.idle()

	x.forward("ben", telecom.Always, "1003", 0)
	if _, err := x.house.Store.DB().Exec("INSERT INTO line_forwards (id, line, subject, way, target_line, record, after_s, set_ms, stopped_ms, stopped) SELECT 77, $1, $2, way, $3, record, 0, 0, 0, '' FROM line_forwards",
		x.lines["cat"].ID, int64(x.lines["cat"].Subject), x.lines["ben"].ID); err != nil {
		t.Fatal(err)
	}
	from = a.call("1002")
	to = c.rings()
	from.cancel()
	from.refused(487)
	to.cancelled()
	b.quiet("ACK")
}

// A line that is not to be disturbed, and one that blocks the caller, sound like
// one that is busy, and nothing rings; the callee's list says which it was.
func TestNothingRings(t *testing.T) {
	x := four(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	busy := ""
	for i := range 3 {
		switch i {
		case 1:
			x.option("ben", telecom.QuietField, "hour")
		case 2:
			x.option("ben", telecom.QuietField, "off")
			if err := x.house.desk.Block(context.Background(), x.access("ben"), x.lines["ben"], "1001"); err != nil {
				t.Fatal(err)
			}
		}
		from := a.call("1002")
		if i == 0 {
			b.rings().reply(486, "")
			b.asked("ACK")
		}
		res := from.refused(486)
		if i == 0 {
			busy = reason(res)
		} else if reason(res) != busy || res.StartLine() != "SIP/2.0 486 Busy Here" {
			t.Errorf("%s %q, want what a busy line gives: %q", res.StartLine(), reason(res), busy)
		}
		x.idle()
		if e := x.newest("ann"); e.Code != telecom.Busy || e.Words != "Call to 1002, the line was busy" {
			t.Errorf("the caller's list says %s", e.Code)
		}
		if e := x.newest("ben"); e.Code != []telecom.Code{telecom.Busy, telecom.Quiet, telecom.Blocked}[i] {
			t.Errorf("the callee's list says %s", e.Code)
		}
	}
	b.quiet()
	x.option("ben", telecom.QuietField, "hour")
	x.forward("ben", telecom.WhenBusy, "1003", 0)
	c := x.registered("cat")
	from := x.registered("dan").call("1002") // not blocked
	to := c.rings()
	from.cancel()
	from.refused(487)
	to.cancelled()
}

// L26, RFC 5079: a line may turn calls from withheld numbers away, and says so; a
// line withholds its number by itself, and 1470 shows it for one call.
func TestAnonymousCalls(t *testing.T) {
	x := four(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	x.option("ben", telecom.AnonymousField, "refused")
	if res := a.call("1411002").refused(433); !strings.Contains(reason(res), "1470") {
		t.Errorf("the caller is told %q", reason(res))
	}
	x.idle()
	if e := x.newest("ben"); e.Code != telecom.Anonymous || e.Far != "" {
		t.Errorf("the callee's list says %s", e.Code)
	}
	x.option("ann", telecom.NumberField, "withheld")
	a.call("1002").refused(433)
	from := a.call("14701002")
	to := b.rings()
	if got := to.asked.From().Address.User; got != "1001" {
		t.Errorf("with 1470 it is %s", got)
	}
	from.cancel()
	from.refused(487)
	to.cancelled()
	x.option("ben", telecom.AnonymousField, "taken")
	from = a.call("1002")
	to = b.rings()
	if got := to.asked.From().Address.User; got != "anonymous" || to.asked.GetHeader("Privacy") == nil {
		t.Errorf("a line that withholds its number shows %s", got)
	}
	from.cancel()
	from.refused(487)
	to.cancelled()
	x.idle()
	b.lose()
	if n := len(regexp.MustCompile(`\b1001\b`).FindAllString(b.all.String(), -1)); n != strings.Count(b.all.String(), "From: <sip:1001@") {
		t.Error("a number that was withheld was told")
	}

	// Who forwards and withholds their number is not named either.
	x.forward("ann", telecom.Always, "1003", 0)
	c := x.registered("cat")
	from = x.registered("dan").call("1001")
	to = c.rings()
	if to.asked.GetHeader("Diversion") != nil || to.asked.From().Address.User != "1004" {
		t.Error("who forwards is named, or the caller is not")
	}
	to.accept()
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.idle()
	if e := x.newest("cat"); e.Via != "" || !e.Went || e.Far != "1004" {
		t.Errorf("%q", e.Via)
	}
}

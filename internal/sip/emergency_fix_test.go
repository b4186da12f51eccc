package sip_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
)

// located are the entries of a person's history about fixes of their device: when
// each went, and what in the evidence names it.
func (h *house) located(l telecom.Line) (codes, categories []string) {
	h.TB.Helper()
	err := h.Store.View(context.Background(), func(tx *store.Tx) error {
		entries, err := h.Log.About(context.Background(), tx, l.Subject, 0, 100)
		for _, e := range entries {
			switch e.Body.Kind {
			case evidence.CallLocated:
				codes = append(codes, e.Body.Code)
			case evidence.RecordDisclosed:
				if e.Body.Code == "emergency-services" {
					categories = append(categories, e.Body.Purpose+" "+e.Body.Category)
				}
			}
		}
		return err
	})
	if err != nil {
		h.TB.Fatal(err)
	}
	return codes, categories
}

const typePlace = "application/pidf+xml"

// R11, L38: that a fix of the device went with an emergency call stands in its
// caller's history, and not where that was.
func TestAFixStandsInTheHistory(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a, far := x.registered("ann"), nets[0]
	for _, place := range []string{"", deviceFix} {
		from := a.helped("999", place)
		to := far.rings()
		from.cancel()
		to.cancelled()
		from.refused(487)
		x.kept("ann", telecom.Cancelled)
	}
	codes, categories := x.located(x.lines["ann"])
	if !slices.Equal(codes, []string{"with-call"}) || !slices.Equal(categories, []string{"emergency location.precise"}) {
		t.Errorf("Ann's history has %q, %q", codes, categories)
	}
}

// A fix that takes longer than the call could wait for, or that was allowed only
// then, goes on within the call, once, to the service alone.
func TestAFixComesWithinTheCall(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a, far := x.registered("ann"), nets[0]
	from := a.helped("999", "")
	to := far.rings()
	to.reply(200, spoken(far.id), "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
	far.asked("ACK")
	from.connected()
	from.ask("INFO", 400, typePlace, "<presence>here</presence>")
	from.ask("INFO", 400, typePlace, deviceFix+strings.Repeat(" ", 8<<10))
	m := from.inside("INFO", typePlace, deviceFix)
	a.write(m)
	req := far.asked("UPDATE")
	body := string(req.Body())
	if !strings.Contains(body, "52.306900 -1.936700") || strings.Contains(req.String(), "spy") || mediaOf(req.GetHeader("Content-Type").Value()) != typePlace {
		t.Errorf("the service is told\n%s", req)
	}
	if cid := req.GetHeader("Geolocation"); cid == nil || strings.Trim(cid.Value(), "<>") != "cid:"+strings.Trim(req.GetHeader("Content-ID").Value(), "<>") {
		t.Errorf("the place has no name:\n%s", req)
	}
	to.replyTo(req, 200, "")
	a.answer("INFO", m.seq, 200)
	from.ask("INFO", 403, typePlace, deviceFix) // one a call: it could become a track
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
	if codes, _ := x.located(x.lines["ann"]); !slices.Equal(codes, []string{"within-call"}) {
		t.Errorf("Ann's history has %q", codes)
	}
}

// A fix that goes nowhere is refused, and the call goes on: before the answer, of
// a call that brought one, at a network that takes none or says so, of who was
// called, of a desk phone, and of an ordinary call.
func TestAFixNeverEndsACall(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a, far := x.registered("ann"), nets[0]
	begin := func(from *dialog, allow string) *dialog {
		t.Helper()
		to := far.rings()
		to.reply(200, spoken(far.id), "Allow: "+allow)
		far.asked("ACK")
		from.connected()
		return to
	}
	end := func(from, to *dialog) {
		t.Helper()
		from.ask("INFO", 200, "application/dtmf", "1")
		from.ask("BYE", 200, "", "")
		to.bye()
	}
	from := a.helped("999", deviceFix)
	to := begin(from, "INVITE, UPDATE")
	from.ask("INFO", 403, typePlace, deviceFix)
	end(from, to)
	from = a.helped("999", "")
	to = begin(from, "INVITE, ACK")
	from.ask("INFO", 488, typePlace, deviceFix)
	end(from, to)
	from = a.helped("999", "")
	to = begin(from, "INVITE, UPDATE")
	m := from.inside("INFO", typePlace, deviceFix)
	a.write(m)
	to.replyTo(far.asked("UPDATE"), 481, "")
	a.answer("INFO", m.seq, 488)
	end(from, to)
	p := x.here("ben", "UDP")
	phone := p.dials("999")
	to = begin(phone, "INVITE, UPDATE")
	phone.ask("INFO", 403, typePlace, deviceFix)
	end(phone, to)
	from = a.call("02079460018")
	to = begin(from, "INVITE, UPDATE")
	from.ask("INFO", 403, typePlace, deviceFix)
	end(from, to)
}

func mediaOf(s string) string {
	kind, _, _ := strings.Cut(s, ";")
	return kind
}

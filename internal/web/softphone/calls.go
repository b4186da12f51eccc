package softphone

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/own"
	"candour/policy"
)

// callLines is how many calls a page of the list has.
const callLines = 30

// calls shows the calls of whoever is signed in.
func (h *site) calls(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	page := Calls{Base: h.Base(r, "Your calls", "")}
	var before int64
	if text := r.URL.Query().Get("before"); text != "" {
		var ok bool
		if before, ok = web.ID(text); !ok {
			return web.ErrNotFound
		}
		page.Newest = callsPath
	}
	roles, err := telecom.RolesOf(web.VisitOf(r).Version.Compiled)
	if err != nil {
		return web.ErrNotFound
	}
	page.Kept = h.Kept(r, roles.Form.ID)
	var entries []telecom.Entry
	var reported map[int64]time.Time
	var sounds map[int64]string
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if entries, err = h.Phones.Calls(r.Context(), tx, me.Account.Subject, before, callLines+1); err != nil {
			return err
		}
		if sounds, err = h.recordedCalls(r, tx, me); err != nil {
			return err
		}
		reported, err = h.Phones.Reported(r.Context(), tx, me.Account.Subject)
		return err
	})
	if err != nil {
		return err
	}
	if len(entries) > callLines {
		entries = entries[:callLines]
		page.Older = callsPath + "?before=" + strconv.FormatInt(entries[callLines-1].Call, 10)
	}
	for _, e := range entries {
		view := callView(e, web.VisitOf(r).Now)
		if view.Dial != "" { // there is no phone on this page
			view.Dial, view.Call = "", own.DialAddress(view.Dial)
		}
		view.Sound = sounds[e.Call]
		view.Forget = callsPath + "/" + strconv.FormatInt(e.Call, 10) + "/forget"
		if e.Cost > 0 {
			view.Bill = "It cost " + e.Cost.String() + ". If you remove it, the bill keeps it until " + e.Billed.Format("2 January 2006") + "."
		}
		h.against(r, e, reported, &view)
		page.Calls = append(page.Calls, view)
	}
	if err := h.nameCalls(r, me, entries, page.Calls); err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "calls", page)
	if before != 0 {
		return nil
	}
	if err := h.sawCalls(r, me); err != nil {
		h.Log.Error("it could not be noted that somebody looked at their calls", "error", err)
	}
	return nil
}

// sawCalls notes that whoever is signed in has seen which calls they missed.
func (h *site) sawCalls(r *http.Request, me *identity.Session) error {
	missed := 0
	err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		missed, err = h.Phones.Missed(r.Context(), tx, me.Account.Subject)
		return err
	})
	if err != nil || missed == 0 {
		return err
	}
	return h.Store.Update(r.Context(), func(tx *store.Tx) error { return h.Phones.Looked(r.Context(), tx, me.Account.Subject) })
}

// against adds what can be done about who called.
func (h *site) against(r *http.Request, e telecom.Entry, reported map[int64]time.Time, view *CallView) {
	if e.Made || e.Far == "" && !e.Withheld {
		return
	}
	if _, err := telecom.SettingsRolesOf(web.VisitOf(r).Version.Compiled); err == nil && e.Code != telecom.Blocked {
		view.Block = callPath(e.Call) + "/block"
	}
	if _, err := reportRoles(r); err != nil {
		return
	}
	if at, done := reported[e.Call]; done {
		view.Noted = "You reported it on " + at.In(policy.London).Format("2 January 2006")
		return
	}
	view.Report = callPath(e.Call) + "/report"
}

// callForget takes a call out of the list of whoever is signed in.
func (h *site) callForget(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	call, ok := web.ID(r.PathValue("call"))
	if !ok {
		return web.ErrNotFound
	}
	roles, err := telecom.RolesOf(web.VisitOf(r).Version.Compiled)
	if err != nil {
		return web.ErrNotFound
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
		return h.Phones.Forget(r.Context(), tx, me.Access(roles.Purpose), me.Account.Subject, call)
	})
	if errors.Is(err, telecom.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, callsPath, http.StatusSeeOther)
	return nil
}

// Pictures of a call.
const (
	kindOut    = "out"
	kindIn     = "in"
	kindMissed = "missed"
	kindFailed = "failed"
)

// madeWords and gotWords say what came of a call to whoever made it, and to
// whom it came. An end that is not among them was without an answer.
var (
	madeWords = map[telecom.Code]string{
		telecom.Completed: "You called", telecom.Cancelled: "You hung up before it was answered", telecom.NoAnswer: "Nobody answered",
		telecom.Busy: "They were on another call", telecom.Declined: "They declined", telecom.Unavailable: "Their phone was not connected",
		telecom.Anonymous: "They take no calls from withheld numbers",
		telecom.Blocked:   "They were on another call", telecom.Quiet: "They were on another call", telecom.Forwarded: "You called", // as the desk tells it
		telecom.Failed: "It could not be connected", telecom.Lost: "You called; the connection was lost", telecom.Interrupted: "Our service stopped during the call",
		telecom.Voicemail: "You left a voicemail message",
	}
	gotWords = map[telecom.Code]string{
		telecom.Completed: "They called", telecom.Cancelled: "Missed call", telecom.NoAnswer: "Missed call", telecom.Busy: "Missed: you were on another call",
		telecom.Declined: "You declined", telecom.Unavailable: "Missed: your phone was not connected", telecom.Failed: "It could not be connected",
		telecom.Lost: "They called; the connection was lost", telecom.Interrupted: "Our service stopped during the call",
		telecom.Blocked: "Did not ring: you block this caller", telecom.Quiet: "Did not ring: do not disturb was on",
		telecom.Anonymous: "Turned away: the number was withheld", telecom.Forwarded: "Your line forwarded it",
		telecom.Voicemail: "Missed call, with a voicemail message",
	}
)

func callView(e telecom.Entry, now time.Time) CallView {
	view := CallView{Who: far(e), When: when(e.Begun, now), Stamp: e.Begun.In(policy.London).Format(time.RFC3339), Dial: e.Far}
	words := gotWords
	view.Kind = kindIn
	if e.Made {
		words, view.Kind = madeWords, kindOut
	}
	switch e.Code {
	case telecom.Completed, telecom.Lost, telecom.Declined, telecom.Forwarded, telecom.Blocked, telecom.Quiet, telecom.Anonymous:
	case telecom.Failed, telecom.Interrupted:
		view.Kind = kindFailed
	default:
		if !e.Made {
			view.Kind = kindMissed
		}
	}
	parts := []string{words[e.Code]}
	if e.Went {
		parts = append(parts, viaWords(e))
	}
	switch {
	case e.Video && !e.Answered.IsZero():
		parts = append(parts, "with video")
	case e.Video:
		parts = append(parts, "video call")
	}
	if e.Made && e.Withheld && !e.Went {
		parts = append(parts, "your number withheld")
	}
	if long := e.Talked(); long > 0 {
		parts = append(parts, length(long))
	}
	view.What = strings.Join(parts, ", ")
	return view
}

// viaWords say for whom a call was forwarded, or by whom.
func viaWords(e telecom.Entry) string {
	way := "forwarded to you by "
	if e.Made {
		way = "your line forwarded a call from "
	}
	switch {
	case e.Via == "":
		return way + "a withheld number"
	case len(e.Via) <= longestExtension:
		return way + "extension " + e.Via
	}
	return way + e.Via
}

// longestExtension is how many digits an extension has at most.
const longestExtension = 6

// far says who was on the other side.
func far(e telecom.Entry) string {
	switch {
	case len(e.Far) > longestExtension, telecom.Emergency(e.Far):
		return e.Far
	case e.Far != "":
		return "Extension " + e.Far
	case e.Withheld && !e.Made:
		return "Number withheld"
	}
	return "Number no longer known"
}

// length says how long two talked: 48 sec, 3 min 5 sec, 1 hr 2 min.
func length(d time.Duration) string {
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case h > 0:
		return strconv.Itoa(h) + " hr " + strconv.Itoa(m) + " min"
	case m > 0:
		return strconv.Itoa(m) + " min " + strconv.Itoa(s) + " sec"
	}
	return strconv.Itoa(s) + " sec"
}

// when says a moment as people do who look at a list of calls.
func when(t, now time.Time) string {
	t, now = t.In(policy.London), now.In(policy.London)
	clock := t.Format("15:04")
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	switch int(day(now).Sub(day(t)) / (24 * time.Hour)) {
	case 0:
		return "Today " + clock
	case 1:
		return "Yesterday " + clock
	}
	if t.Year() == now.Year() {
		return t.Format("Mon 2 January ") + clock
	}
	return t.Format("2 January 2006 ") + clock
}

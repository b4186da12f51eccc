package softphone

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/recording"
	"candour/internal/store"
	"candour/internal/web"
	"candour/policy"
)

// recordingsPath is the page of one's recordings.
const recordingsPath = "/recordings"

// Recordings is the page "recordings": what one recorded, and where others did.
type Recordings struct {
	web.Base
	List     []RecordingView
	About    []RecordingView // calls that the other side recorded
	Given    bool            // recordings may be kept
	Needless bool            // people in this role do not record
	Words    []string        // what a yes means
	Allow    string          // where the yes posts
	Withdraw string          // where it is taken back
	Kept     string          // how long one is kept, in words
	Longest  int             // minutes
	Choices  string          // address where one says no to being recorded
	Data     string
}

// RecordingView is a recording as its person sees it.
type RecordingView struct {
	ID, Who, When, Stamp, Length, Note string
	Going, Fresh                       bool
	Sound                              string // address of both sides, or of what is left
	Mine, Theirs                       string // of each side alone; empty where there is no other
	File                               string // where it is saved from
	Remove                             string // where the button to erase it posts; empty while it goes on
	TakeOut                            string // where one's voice is taken out of another's recording
}

func (h *site) recordingRoutes(rt *web.Routes) {
	rt.Member(web.Whole, "GET "+recordingsPath, h.recordings)
	rt.Member(web.Whole, "POST "+recordingsPath+"/allow", h.recordingAllow)
	rt.Member(web.Whole, "POST "+recordingsPath+"/withdraw", h.recordingWithdraw)
	for _, side := range []recording.Side{recording.Both, recording.Mine, recording.Theirs} {
		rt.Member(web.Whole, "GET "+recordingsPath+"/{recording}/"+string(side), h.recordingSound(side, false))
	}
	rt.Member(web.Whole, "GET "+recordingsPath+"/{recording}/file", h.recordingSound(recording.Both, true))
	rt.Member(web.Whole, "POST "+recordingsPath+"/{recording}/remove", h.recordingRemove)
	rt.Member(web.Whole, "POST "+recordingsPath+"/{recording}/take-out", h.recordingTakeOut)
	rt.Menu("Recordings", recordingsPath)
}

// recordings shows them.
func (h *site) recordings(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := recording.RolesOf(web.VisitOf(r).Version.Compiled)
	if err != nil {
		return web.ErrNotFound
	}
	page := Recordings{
		Base: h.Base(r, "Recordings", ""), Withdraw: recordingsPath + "/withdraw", Kept: recordingKept(r, roles), Longest: int(recording.MaxLength / time.Minute),
		Choices: "/preferences#choice-" + recording.OtherID, Data: "/data",
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) error { return h.fillRecordings(r, tx, me, &page) })
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "recordings", page)
	return nil
}

func (h *site) fillRecordings(r *http.Request, tx *store.Tx, me *identity.Session, page *Recordings) error {
	choice, err := h.recordingChoice(r.Context(), tx, me)
	if err != nil {
		return err
	}
	who, _ := web.VisitOf(r).Policy().ActorByID(me.Account.Role.Actor())
	page.Needless = choice == nil || who == nil || !slices.Contains(who.Purposes, recording.PurposeID)
	if choice != nil {
		page.Given, page.Allow, page.Words = choice.State == people.StateGiven && len(choice.Widened) == 0, allowPath(choice), choice.Words
	}
	own, err := h.Recordings.List(r.Context(), tx, me.Account.Subject)
	if err != nil {
		return err
	}
	about, err := h.Recordings.About(r.Context(), tx, me.Account.Subject)
	if err != nil {
		return err
	}
	for _, x := range own {
		view, err := h.recordingView(r, tx, me, x)
		if err != nil {
			return err
		}
		at := recordingsPath + "/" + view.ID + "/"
		view.Mine, view.Sound, view.File = at+string(recording.Mine), at+string(recording.Both), at+"file"
		if view.Theirs = at + string(recording.Theirs); x.Gone {
			view.Mine, view.Theirs, view.Note = "", "", "The other side had their voice erased. What you said is left."
		}
		if x.Apart && !x.Gone {
			view.Sound, view.File = "", ""
		}
		if view.Fresh = x.Heard.IsZero(); !view.Going {
			view.Remove = at + "remove"
		}
		page.List = append(page.List, view)
	}
	for _, x := range about {
		view, err := h.recordingView(r, tx, me, x)
		if err != nil {
			return err
		}
		view.TakeOut = recordingsPath + "/" + view.ID + "/take-out"
		page.About = append(page.About, view)
	}
	return nil
}

// recordingView is what both lists say of a recording. Whose call it was stands in
// the person's own list of calls, as long as they keep it there.
func (h *site) recordingView(r *http.Request, tx *store.Tx, me *identity.Session, x recording.Recording) (RecordingView, error) {
	view := RecordingView{
		ID: strconv.FormatInt(x.ID, 10), Who: "A call", When: when(x.Begun, web.VisitOf(r).Now), Stamp: x.Begun.In(policy.London).Format(time.RFC3339),
		Length: length(max(x.Length.Round(time.Second), time.Second)), Going: x.Ended.IsZero(),
	}
	if x.Code == recording.Cut {
		view.Note = "It was cut off because our service stopped."
	}
	entries, err := h.Phones.Calls(r.Context(), tx, me.Account.Subject, x.Call+1, 1)
	if err != nil {
		return view, err
	}
	if len(entries) == 1 && entries[0].Call == x.Call {
		view.Who = far(entries[0])
	}
	return view, nil
}

// recordingKept says how long a recording is kept, in the declared words.
func recordingKept(r *http.Request, roles recording.Roles) string {
	c := web.VisitOf(r).Version.Compiled
	k, _ := c.Category(roles.Voice)
	p, _ := c.Purpose(recording.PurposeID)
	class, ok := c.Retention(k, p)
	if !ok {
		return ""
	}
	return class.Title
}

// recordingAllow keeps the yes to keeping recordings. It leads back to the page; a
// script that sent it reads only that it was taken.
func (h *site) recordingAllow(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordingDecide(w, r, me, true)
}

// recordingWithdraw takes it back: all recordings go.
func (h *site) recordingWithdraw(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordingDecide(w, r, me, false)
}

func (h *site) recordingDecide(w http.ResponseWriter, r *http.Request, me *identity.Session, yes bool) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	d := people.Decision{Subject: me.Account.Subject, Actor: me.Account.Role.Actor(), Surface: me.Surface, Purpose: recording.PurposeID, Yes: yes, Way: people.InTheApp}
	if b, err := hex.DecodeString(r.URL.Query().Get(shownField)); err == nil && len(b) == len(d.Shown) {
		copy(d.Shown[:], b)
	}
	if err := h.Choices.Decide(r.Context(), d); err != nil {
		return err
	}
	http.Redirect(w, r, recordingsPath, http.StatusSeeOther)
	return nil
}

// recordingSound gives what was said, in ranges if they are asked for. That it was
// played is noted: the player of a page asks for it when its person plays it, and
// not before.
func (h *site) recordingSound(side recording.Side, save bool) func(http.ResponseWriter, *http.Request, *identity.Session) error {
	return func(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
		id, ok := web.ID(r.PathValue("recording"))
		if !ok {
			return web.ErrNotFound
		}
		var file []byte
		err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
			file, err = h.Recordings.Sound(r.Context(), tx, me.Account.Subject, id, side)
			return err
		})
		if err == nil { // on its own: nobody else's writing waits for a long file
			err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
				return h.Recordings.Heard(r.Context(), tx, me.Access(recording.PurposeID), me.Account.Subject, id)
			})
		}
		if err != nil {
			return noRecording(err)
		}
		kind, end := "audio/wav", ".wav"
		if bytes.HasPrefix(file, []byte("OggS")) {
			kind, end = "audio/ogg", ".ogg"
		}
		w.Header().Set("Content-Type", kind)
		if save {
			w.Header().Set("Content-Disposition", `attachment; filename="recording-`+strconv.FormatInt(id, 10)+end+`"`)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
		return nil
	}
}

func noRecording(err error) error {
	for _, gone := range []error{recording.ErrNotFound, recording.ErrApart, recording.ErrUndeclared} {
		if errors.Is(err, gone) {
			return web.ErrNotFound
		}
	}
	return err
}

// recordingRemove erases a recording.
func (h *site) recordingRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordingEnd(w, r, func(tx *store.Tx, id int64) error {
		return h.Recordings.Remove(r.Context(), tx, me.Account.Subject, id)
	})
}

// recordingTakeOut erases the voice of whoever is signed in from what another
// recorded.
func (h *site) recordingTakeOut(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordingEnd(w, r, func(tx *store.Tx, id int64) error {
		return h.Recordings.TakeOut(r.Context(), tx, me.Account.Subject, id)
	})
}

func (h *site) recordingEnd(w http.ResponseWriter, r *http.Request, act func(*store.Tx, int64) error) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	id, ok := web.ID(r.PathValue("recording"))
	if !ok {
		return web.ErrNotFound
	}
	if err := h.Store.Update(r.Context(), func(tx *store.Tx) error { return act(tx, id) }); err != nil {
		return noRecording(err)
	}
	http.Redirect(w, r, recordingsPath, http.StatusSeeOther)
	return nil
}

// recordedCalls are the calls of which whoever is signed in has a recording.
func (h *site) recordedCalls(r *http.Request, tx *store.Tx, me *identity.Session) (map[int64]string, error) {
	if h.Recordings == nil {
		return nil, nil
	}
	list, err := h.Recordings.List(r.Context(), tx, me.Account.Subject)
	at := map[int64]string{}
	for _, x := range list {
		at[x.Call] = recordingsPath + "#recording-" + strconv.FormatInt(x.ID, 10)
	}
	return at, err
}

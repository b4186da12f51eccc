package softphone

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"candour/internal/chat"
	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/policy"
)

func stamp(t time.Time) string { return t.In(policy.London).Format(time.RFC3339) }

// talk is one conversation of whoever is signed in.
type talk struct {
	mine, other telecom.Line
	line        int64 // of the other side
	closed      bool  // it is not reached any more
	messages    []chat.Message
	older       bool
}

// talkOf finds the conversation that an address names, with its messages before
// one of them. Not found is one with a line that is not reached, unless there
// was one before.
func (h *site) talkOf(r *http.Request, me *identity.Session, before int64) (t talk, err error) {
	var ok bool
	if t.line, ok = web.ID(r.PathValue("line")); !ok {
		return t, web.ErrNotFound
	}
	if t.mine, err = h.line(r, me); err != nil && !errors.Is(err, telecom.ErrNoLine) {
		return t, err
	}
	t.closed = err != nil
	if !t.closed {
		var no *telecom.Refusal
		if t.other, err = h.Phones.Reachable(r.Context(), t.mine, t.line); errors.As(err, &no) {
			t.closed = true
		} else if err != nil {
			return t, err
		}
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		t.messages, err = h.Chat.Thread(r.Context(), tx, me.Account.Subject, t.line, before, chat.MaxMessages+1)
		return err
	})
	if err == nil && t.closed && len(t.messages) == 0 && before == 0 {
		err = web.ErrNotFound
	}
	if len(t.messages) > chat.MaxMessages {
		t.messages, t.older = t.messages[1:], true
	}
	return t, err
}

// open is talkOf where something is to be sent: it must be reached.
func (h *site) openTalk(r *http.Request, me *identity.Session) (talk, error) {
	t, err := h.talkOf(r, me, 0)
	if err == nil && t.closed {
		err = &chat.Refusal{Code: chat.Gone}
	}
	return t, err
}

// chat shows one conversation, and notes that it was seen.
func (h *site) chat(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.chatShow(w, r, me, sentCard{})
}

func (h *site) chatShow(w http.ResponseWriter, r *http.Request, me *identity.Session, sent sentCard) error {
	roles, err := h.chatRoles(r, me)
	if err != nil {
		return err
	}
	before := int64(0)
	if text := r.URL.Query().Get("before"); text != "" {
		var ok bool
		if before, ok = web.ID(text); !ok {
			return web.ErrNotFound
		}
	}
	t, err := h.talkOf(r, me, before)
	if err != nil {
		return err
	}
	if n := len(t.messages); n > 0 && before == 0 {
		err = h.Store.Update(r.Context(), func(tx *store.Tx) error {
			return h.Chat.Seen(r.Context(), tx, me.Account.Subject, t.line, t.messages[n-1].ID)
		})
		if err != nil {
			return err
		}
	}
	page, err := h.chatPage(w, r, me, roles, t, sent)
	if err != nil {
		return err
	}
	if before > 0 {
		page.Newest = page.Self
	}
	status := http.StatusOK
	if sent.status != 0 {
		status = sent.status
	}
	h.Render(w, r, status, "chat", page)
	return nil
}

func (h *site) chatPage(w http.ResponseWriter, r *http.Request, me *identity.Session, roles chat.Roles, t talk, sent sentCard) (Chat, error) {
	self := threadPath(t.line)
	book, err := h.book(r, me)
	if err != nil {
		return Chat{}, err
	}
	far := t.other.Extension
	for i := len(t.messages) - 1; far == "" && i >= 0; i-- {
		far = t.messages[i].Far
	}
	page := Chat{
		Who: whoIs(book, far, t.other.Name), Closed: t.closed, Said: sent.refusal, Kept: h.Kept(r, roles.Form.ID), Self: self, Live: eventsPath,
		Style: h.Asset("phone.css"), Script: h.Asset("chat.js"), Limits: "Photos up to " + sizeWords(chat.MaxPhoto) + ", which are made smaller; other files up to " + sizeWords(chat.MaxFile) + ".",
	}
	page.Base = h.Base(r, page.Who, "")
	if t.older {
		page.Older = self + "?before=" + strconv.FormatInt(t.messages[0].ID, 10)
	}
	page.Messages = messageViews(t, page.Who, self, web.VisitOf(r).Now)
	if t.closed {
		return page, nil
	}
	return page, h.composer(w, r, me, roles, &page, sent.values)
}

func messageViews(t talk, who, self string, now time.Time) (list []MessageView) {
	for _, m := range t.messages {
		at := self + "/" + strconv.FormatInt(m.ID, 10)
		v := MessageView{Mine: m.Mine, Who: who, Text: m.Text, Name: m.Name, When: when(m.Sent, now), Stamp: stamp(m.Sent), Read: m.Mine && !m.Read.IsZero(), Forget: at + "/forget"}
		if m.Mine {
			v.Who = "You"
		}
		switch m.Kind {
		case chat.Photo:
			v.Photo = at + "/file"
		case chat.File:
			v.File = at + "/file"
		case chat.Place:
			v.Place = placeView(m, at, now)
		}
		list = append(list, v)
	}
	return list
}

// mapAddress shows a place on a map elsewhere, once somebody follows the link.
const mapAddress = "https://www.openstreetmap.org/"

func placeView(m chat.Message, at string, now time.Time) *PlaceView {
	v := &PlaceView{Shown: m.Fix != nil}
	if m.Fix == nil {
		return v
	}
	lat, lon := strconv.FormatFloat(m.Fix.Latitude, 'f', 5, 64), strconv.FormatFloat(m.Fix.Longitude, 'f', 5, 64)
	v.Where, v.Within, v.Till = lat+", "+lon, m.Fix.Within(), when(m.Till, now)
	v.Map = mapAddress + "?" + url.Values{"mlat": {lat}, "mlon": {lon}}.Encode() + "#map=16/" + lat + "/" + lon
	if m.Mine {
		v.Back = at + "/unshare"
	}
	return v
}

// composer adds what something is sent with, each in its moment with its reason.
func (h *site) composer(w http.ResponseWriter, r *http.Request, me *identity.Session, roles chat.Roles, page *Chat, given url.Values) (err error) {
	if page.Words, err = h.Form(w, r, messageForm, "Send", given, nil, nil); err != nil {
		return err
	}
	page.Words.Action = page.Self
	for i, f := range page.Words.Fields {
		page.Reason, page.Words.Fields[i] = f.Reason, compact(f)
		page.Words.Fields[i].MaxLength = chat.MaxText
	}
	states, err := h.states(r, me)
	if err != nil {
		return err
	}
	if roles.File != "" {
		if err := h.files(w, r, roles, page, states); err != nil {
			return err
		}
	}
	if !roles.MayShare(web.VisitOf(r).Version.Compiled, me.Account.Role.Actor()) {
		return nil
	}
	return h.sharing(w, r, roles, page, states)
}

// files adds the forms with which photos and files are sent.
func (h *site) files(w http.ResponseWriter, r *http.Request, roles chat.Roles, page *Chat, states []people.PermissionState) error {
	form, err := h.Form(w, r, roles.FileForm.ID, "Send the file", nil, nil, nil)
	if err != nil {
		return err
	}
	form.Action, form.Upload = page.Self+"/file", true
	for i := range form.Fields {
		form.Fields[i].Type, form.Fields[i].MaxLength, form.Fields[i].Autocomplete = "file", 0, ""
	}
	page.Storage = permit(states, "May the app read the file that you choose?", page.Self, roles.File)
	page.File, page.Photo = form, form
	page.Photo.ID, page.Photo.Submit = form.ID+"-photo", "Send the photo"
	page.Photo.Fields = make([]web.Field, len(form.Fields))
	for i, f := range form.Fields {
		f = compact(f)
		f.ID, f.Label, f.Accept, f.Capture = page.Photo.ID+"-"+f.Name, "Photo", "image/*", true
		page.Photo.Fields[i] = f
	}
	for _, s := range states {
		for _, f := range s.Permission.Features {
			if f == cameraFeature {
				page.Camera = permit(states, "May the app use the photo that you take?", page.Self, s.Permission.Categories...)
			}
		}
	}
	return nil
}

// sharing adds the button that shares where one is, once. Only this page may ask
// the device.
func (h *site) sharing(w http.ResponseWriter, r *http.Request, roles chat.Roles, page *Chat, states []people.PermissionState) error {
	form, err := h.Form(w, r, roles.PlaceForm.ID, "Share where I am, once", nil, nil, nil)
	if err != nil {
		return err
	}
	form.Action = page.Self + "/place"
	s := stateOf(states, roles.Place)
	if s == nil {
		return nil // without a declared permission no device is asked
	}
	page.Sharing = &Sharing{Form: form, Ask: permit(states, "May the app ask where you are, now and once?", page.Self, roles.Place), Granted: s.Granted()}
	if s.Granted() {
		page.Sharing.Revoke = withBack(answerPath(*s, people.PermissionRevoked), page.Self)
	}
	for _, f := range form.Fields {
		page.Sharing.Field = f.Name
	}
	h.Ask(w, r, placeFeature)
	return nil
}

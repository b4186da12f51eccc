package own

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web"
	"candour/policy"
)

// Paths of people's voicemail.
const (
	voicemailPath    = "/voicemail"
	voicemailSetPath = voicemailPath + "/settings"
	greetingPath     = voicemailPath + "/greeting"
)

// Voicemail is the page "voicemail": the messages on one's line, and how it is
// set.
type Voicemail struct {
	web.Base
	Script    string
	Extension string // empty if the account has no line
	Messages  []MessageView
	Fresh     int    // of them, those that nobody has heard
	On        bool   // voicemail answers
	Wait      int    // after so many seconds
	Mail      bool   // its person is told by e-mail
	Greeting  string // address of their own greeting's sound; empty: the standard one is heard
	Standard  string // where the button posts that brings that back
	Code      string // what is dialled to hear messages
	Set       string // where it is set
	Most      int    // messages that a line keeps
	Near      bool   // it has nearly as many
	Full      bool   // it has as many, and takes no more
	Longest   int    // minutes that one may last
	Kept      string // how long one is kept, in words
	Data      string // address of what is held
	Support   string // address of the operator's support
}

// MessageView is a message as its person sees it.
type MessageView struct {
	From, When, Stamp, Length string
	Number                    string // beside the name; empty where there is none
	Fresh                     bool
	Sound                     string // address of what was said
	Heard                     string // where is posted that it was heard; empty if it was before
	Remove                    string // where the button to remove it posts
	Call                      string // where its sender is called back; empty where there is no phone, or no number
}

// answersFor reports whether people have voicemail on a surface.
func (d Deps) answersFor(p *policy.Policy, surface string) bool {
	roles, err := voicemail.RolesOf(policy.Compile(p))
	return err == nil && d.Phones != nil && d.Voicemail != nil && contains(roles.Form.Surfaces, surface)
}

// voicemailRoles are those of the policy in force; not found if it declares none.
func voicemailRoles(r *http.Request) (voicemail.Roles, error) {
	return rolesHere(r, voicemail.RolesOf, func(x *voicemail.Roles) *policy.Form { return &x.Form })
}

func (h *site) voicemailRoutes(rt *web.Routes) {
	rt.Member(web.Whole, "GET "+voicemailPath, h.voicemail)
	rt.Member(web.Whole, "GET "+voicemailPath+"/{recording}/sound", h.voicemailSound)
	rt.Member(web.Whole, "POST "+voicemailPath+"/{recording}/heard", h.voicemailHeard)
	rt.Member(web.Whole, "POST "+voicemailPath+"/{recording}/remove", h.voicemailRemove)
	rt.Member(web.Whole, "GET "+voicemailSetPath, h.voicemailSet)
	rt.Member(web.Whole, "POST "+voicemailSetPath, h.voicemailSetPost)
	rt.Member(web.Whole, "GET "+greetingPath+"/sound", h.greetingSound)
	rt.Member(web.Whole, "POST "+greetingPath+"/remove", h.greetingRemove)
}

// voicemail shows the messages of whoever is signed in.
func (h *site) voicemail(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := voicemailRoles(r)
	if err != nil {
		return err
	}
	page := Voicemail{
		Base: h.Base(r, "Voicemail", ""), Script: h.Asset("voicemail.js"), Code: voicemail.Code, Set: voicemailSetPath, Most: voicemail.MaxMessages, Longest: int(voicemail.MaxMessage / time.Minute),
		Kept: keptAs(r, roles), Data: dataPath, Support: web.VisitOf(r).Public("/contact"),
	}
	line, err := h.hasLine(r, me)
	if errors.Is(err, telecom.ErrNoLine) {
		h.Render(w, r, http.StatusOK, "voicemail", page)
		return nil
	}
	if err != nil {
		return err
	}
	page.Extension = line.Extension
	names := func(string) string { return "" }
	if h.Names != nil {
		if names, err = h.Names(r, me); err != nil {
			return err
		}
	}
	err = h.Store.View(r.Context(), func(tx *store.Tx) error { return h.fillVoicemail(r, tx, line, names, &page) })
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "voicemail", page)
	return nil
}

func (h *site) fillVoicemail(r *http.Request, tx *store.Tx, line telecom.Line, names func(string) string, page *Voicemail) error {
	box, err := h.Voicemail.Box(r.Context(), tx, line)
	if err != nil {
		return err
	}
	page.On, page.Wait, page.Mail = box.On, int(box.Wait/time.Second), box.Mail
	if box.Greeting {
		page.Greeting, page.Standard = greetingPath+"/sound", greetingPath+"/remove"
	}
	list, err := h.Voicemail.Messages(r.Context(), tx, line)
	if err != nil {
		return err
	}
	phone := callsHere(r)
	for _, m := range list {
		v := messageView(m)
		if name := names(m.From); name != "" {
			v.From, v.Number = name, v.From
		}
		if phone && m.From != "" {
			v.Call = DialAddress(m.From)
		}
		if v.Fresh {
			page.Fresh++
		}
		page.Messages = append(page.Messages, v)
	}
	page.Near, page.Full = len(list) >= voicemail.NearlyFull, len(list) >= voicemail.MaxMessages
	return nil
}

// callsHere reports whether there is a phone on the surface.
func callsHere(r *http.Request) bool {
	roles, err := telecom.RolesOf(web.VisitOf(r).Version.Compiled)
	return err == nil && isHere(r, &roles.Form)
}

// keptAs says how long a message is kept, in the declared words.
func keptAs(r *http.Request, roles voicemail.Roles) string {
	c := web.VisitOf(r).Version.Compiled
	k, _ := c.Category(roles.Message)
	p, _ := c.Purpose(roles.Purpose)
	class, ok := c.Retention(k, p)
	if !ok {
		return ""
	}
	return class.Title
}

func messageView(m voicemail.Message) MessageView {
	v := MessageView{
		From: "Number no longer known", When: moment(m.Left), Stamp: m.Left.In(policy.London).Format(time.RFC3339), Fresh: m.Heard.IsZero(),
		Sound: messagePath(m.ID) + "/sound", Remove: messagePath(m.ID) + "/remove",
	}
	if v.Fresh {
		v.Heard = messagePath(m.ID) + "/heard"
	}
	switch {
	case m.Hidden:
		v.From = "Number withheld"
	case len(m.From) > 6:
		v.From = m.From
	case m.From != "":
		v.From = "Extension " + m.From
	}
	n := max(1, int(m.Length.Round(time.Second)/time.Second))
	if v.Length = strconv.Itoa(n) + " sec"; n >= 60 {
		v.Length = strconv.Itoa(n/60) + " min " + strconv.Itoa(n%60) + " sec"
	}
	return v
}

func messagePath(id int64) string { return voicemailPath + "/" + strconv.FormatInt(id, 10) }

// message is the line of whoever is signed in, and the message that the address
// names.
func (h *site) message(r *http.Request, me *identity.Session) (roles voicemail.Roles, line telecom.Line, id int64, err error) {
	if roles, err = voicemailRoles(r); err != nil {
		return roles, line, 0, err
	}
	id, ok := web.ID(r.PathValue("recording"))
	if !ok {
		return roles, line, 0, web.ErrNotFound
	}
	if line, err = h.hasLine(r, me); errors.Is(err, telecom.ErrNoLine) {
		err = web.ErrNotFound
	}
	return roles, line, id, err
}

// voicemailSound gives what was said, in ranges if they are asked for. It changes
// nothing: browsers fetch what nobody has played (RFC 9110 9.2.1).
func (h *site) voicemailSound(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	_, line, id, err := h.message(r, me)
	if err != nil {
		return err
	}
	var file []byte
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		file, err = h.Voicemail.Sound(r.Context(), tx, line, id)
		return err
	})
	if errors.Is(err, voicemail.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	sound(w, r, file)
	return nil
}

// sound serves a file of ours.
func sound(w http.ResponseWriter, r *http.Request, file []byte) {
	kind := "audio/wav"
	if bytes.HasPrefix(file, []byte("OggS")) {
		kind = "audio/ogg"
	}
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
}

// voicemailHeard notes that a message was heard: its person pressed the button, or
// the page saw that its player began to play. To say it twice changes nothing.
func (h *site) voicemailHeard(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	roles, line, id, err := h.message(r, me)
	if err != nil {
		return err
	}
	return h.backToVoicemail(w, r, func(ctx context.Context, tx *store.Tx) error {
		return h.Voicemail.Heard(ctx, tx, me.Access(roles.Purpose), line, id)
	})
}

// voicemailRemove erases a message.
func (h *site) voicemailRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	roles, line, id, err := h.message(r, me)
	if err != nil {
		return err
	}
	return h.backToVoicemail(w, r, func(ctx context.Context, tx *store.Tx) error {
		return h.Voicemail.Remove(ctx, tx, me.Access(roles.Purpose), line, id)
	})
}

// backToVoicemail does an act and leads back to the page.
func (h *site) backToVoicemail(w http.ResponseWriter, r *http.Request, act func(context.Context, *store.Tx) error) error {
	err := h.Store.Update(r.Context(), func(tx *store.Tx) error { return act(r.Context(), tx) })
	if errors.Is(err, voicemail.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, voicemailPath, http.StatusSeeOther)
	return nil
}

// greetingSound gives the person's own greeting.
func (h *site) greetingSound(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	_, line, err := h.ownLine(r, me)
	if err != nil {
		return err
	}
	var own media.Sound
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		own, err = h.Voicemail.Greeting(r.Context(), tx, line)
		return err
	})
	if err == nil && own.Codec() == "" {
		err = web.ErrNotFound
	}
	if err != nil {
		return err
	}
	sound(w, r, own.File())
	return nil
}

// greetingRemove brings the standard greeting back.
func (h *site) greetingRemove(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	roles, line, err := h.ownLine(r, me)
	if err != nil {
		return err
	}
	return h.backToVoicemail(w, r, func(ctx context.Context, tx *store.Tx) error {
		return h.Voicemail.SetGreeting(ctx, tx, me.Access(roles.Purpose), line, media.Sound{})
	})
}

// ownLine is the line of whoever is signed in; not found if they have none.
func (h *site) ownLine(r *http.Request, me *identity.Session) (roles voicemail.Roles, line telecom.Line, err error) {
	if roles, err = voicemailRoles(r); err != nil {
		return roles, line, err
	}
	if line, err = h.hasLine(r, me); errors.Is(err, telecom.ErrNoLine) {
		err = web.ErrNotFound
	}
	return roles, line, err
}

// DialAddress is that of the phone on the softphone's surface with a number in its
// field. The number is in the fragment, of which no server is told.
func DialAddress(number string) string { return "/#dial=" + number }

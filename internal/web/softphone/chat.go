package softphone

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"candour/internal/chat"
	"candour/internal/contacts"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/web"
)

// Paths of messages.
const (
	chatPath   = "/chat"
	newPath    = chatPath + "/new"
	eventsPath = chatPath + "/events"
)

// Forms of messages.
const (
	messageForm = "message"
	toForm      = "message-to"
	fileForm    = "message-file"
	placeForm   = "place"
)

// threads is how many conversations the list has.
const threads = 100

// chatRoles are those of messages for whoever is signed in; not found where
// their role writes none.
func (h *site) chatRoles(r *http.Request, me *identity.Session) (chat.Roles, error) {
	c := web.VisitOf(r).Version.Compiled
	roles, err := chat.RolesOf(c)
	if err != nil || h.Chat == nil || !roles.May(c, me.Account.Role.Actor()) {
		return roles, web.ErrNotFound
	}
	return roles, nil
}

// chats shows the conversations of whoever is signed in.
func (h *site) chats(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.chatsShow(w, r, me, sentCard{})
}

func (h *site) chatsShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sentCard) error {
	roles, err := h.chatRoles(r, me)
	if err != nil {
		return err
	}
	page := Chats{Base: h.Base(r, "Messages", ""), Kept: h.Kept(r, roles.Form.ID), Live: eventsPath, Style: h.Asset("phone.css"), Script: h.Asset("chat.js")}
	if _, err := h.line(r, me); err == nil {
		page.Line = true
	} else if !errors.Is(err, telecom.ErrNoLine) {
		return err
	}
	if page.Line {
		if page.Form, err = h.Form(w, r, toForm, "Write", t.values, t.wrong, nil); err != nil {
			return err
		}
		page.Form.Action, page.Form.Refusal = newPath, t.refusal
		for i := range page.Form.Fields {
			page.Form.Fields[i].Type, page.Form.Fields[i].Autocomplete = "tel", "off"
		}
	}
	book, err := h.book(r, me)
	if err != nil {
		return err
	}
	var list []chat.Summary
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		list, err = h.Chat.Threads(r.Context(), tx, me.Account.Subject, threads)
		return err
	})
	if err != nil {
		return err
	}
	now := web.VisitOf(r).Now
	for _, s := range list {
		m := s.Last
		page.Threads = append(page.Threads, ThreadView{
			Who: whoIs(book, m.Far, ""), Last: lastWords(m), New: s.New, Href: threadPath(s.Line),
			When: when(m.Sent, now), Stamp: stamp(m.Sent),
		})
	}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "chats", page)
	return nil
}

// whoIs names the other side: as one's own contacts do, as one's company does, or
// by the extension.
func whoIs(book []contacts.Card, extension, name string) string {
	if own := contacts.Named(book, extension); own != "" {
		return own + " (" + extension + ")"
	}
	switch {
	case name != "" && extension != "":
		return name + " (" + extension + ")"
	case extension != "":
		return "Extension " + extension
	}
	return "Somebody who is gone"
}

func threadPath(line int64) string { return chatPath + "/" + strconv.FormatInt(line, 10) }

// lastWords are a message in the list, short.
func lastWords(m chat.Message) string {
	text := strings.Join(strings.Fields(m.Text), " ")
	switch {
	case m.Kind == chat.Place:
		text = "Where I am, once"
	case text == "" && m.Kind == chat.Photo:
		text = "A photo"
	case text == "" && m.Kind == chat.File:
		text = "A file: " + m.Name
	}
	if r := []rune(text); len(r) > 80 {
		text = string(r[:80]) + "…"
	}
	if m.Mine {
		return "You: " + text
	}
	return text
}

// chatNew leads to the conversation with an extension.
func (h *site) chatNew(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.chatRoles(r, me); err != nil {
		return err
	}
	form, ok := web.VisitOf(r).Policy().FormByID(toForm)
	if !ok {
		return web.ErrNotFound
	}
	values, err := h.ReadOwn(r)
	if err != nil {
		return err
	}
	dialled := ""
	for _, f := range form.Fields {
		if f.Category != "" {
			dialled = values.Get(f.Name)
		}
	}
	var line int64
	if _, err = h.Sent(r, form, values); err == nil {
		line, err = h.reach(r, me, dialled)
	}
	return h.lead(w, r, me, line, values, err)
}

// reach finds the line that an extension leads to.
func (h *site) reach(r *http.Request, me *identity.Session, dialled string) (int64, error) {
	mine, err := h.line(r, me)
	if err != nil {
		return 0, err
	}
	to, err := h.Phones.Route(r.Context(), mine, dialled)
	return to.Line.ID, err
}

// lead goes to a conversation, or says at the form why there is none.
func (h *site) lead(w http.ResponseWriter, r *http.Request, me *identity.Session, line int64, values url.Values, err error) error {
	var no *telecom.Refusal
	switch {
	case errors.As(err, &no):
		words := no.Words()
		if no.Code == telecom.NoWayOut || no.Code == telecom.NoEmergency {
			words = "Messages go to extensions only. To reach outside numbers, or help in an emergency, call."
		}
		form, _ := web.VisitOf(r).Policy().FormByID(toForm)
		var wrong intake.FieldErrors
		for _, f := range form.Fields {
			if f.Category != "" {
				wrong = intake.FieldErrors{{Field: f.Name, Label: f.Label, Message: words}}
			}
		}
		status, refusal := h.Words(wrong)
		return h.chatsShow(w, r, me, sentCard{values: values, wrong: wrong, status: status, refusal: refusal})
	case web.IsFormRefusal(err):
		t, _ := h.again(values, err)
		return h.chatsShow(w, r, me, t)
	case err != nil:
		return err
	}
	http.Redirect(w, r, threadPath(line), http.StatusSeeOther)
	return nil
}

// contactWrite leads from a contact's number to the conversation with it.
func (h *site) contactWrite(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.bookRoles(r, me); err != nil {
		return err
	}
	if _, err := h.chatRoles(r, me); err != nil {
		return err
	}
	card, err := h.contactOf(r, me)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("number"))
	numbers := card.Numbers()
	if err != nil || n < 0 || n >= len(numbers) {
		return web.ErrNotFound
	}
	line, err := h.reach(r, me, numbers[n].Value)
	return h.lead(w, r, me, line, url.Values{"number": {numbers[n].Value}}, err)
}

package softphone

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"candour/internal/chat"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/policy"
)

// chatPost sends words.
func (h *site) chatPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := h.chatRoles(r, me)
	if err != nil {
		return err
	}
	values, err := h.ReadOwn(r)
	if err != nil {
		return err
	}
	text := ""
	for _, f := range roles.Form.Fields {
		if f.Category == roles.Words {
			text = values.Get(f.Name)
		}
	}
	var t talk
	if _, err = h.Sent(r, &roles.Form, values); err == nil {
		t, err = h.openTalk(r, me)
	}
	if err == nil {
		var clean string
		if clean, err = messageText(text); err == nil {
			_, err = h.Chat.Send(r.Context(), t.mine, t.other, chat.Draft{Text: clean})
		}
	}
	return h.answered(w, r, me, values, err)
}

// answered goes back to the conversation, or shows it with what was typed and
// why it was not sent.
func (h *site) answered(w http.ResponseWriter, r *http.Request, me *identity.Session, values url.Values, err error) error {
	var no *chat.Refusal
	var fields intake.FieldErrors
	switch {
	case errors.As(err, &fields):
		return h.chatShow(w, r, me, sentCard{values: values, status: http.StatusUnprocessableEntity, refusal: fields[0].Message})
	case err == nil:
		http.Redirect(w, r, chatPath+"/"+r.PathValue("line")+"#last", http.StatusSeeOther)
		return nil
	case errors.As(err, &no):
		status := http.StatusUnprocessableEntity
		if no.Wait > 0 || no.Code == chat.TooMany {
			status = http.StatusTooManyRequests
		}
		return h.chatShow(w, r, me, sentCard{values: values, status: status, refusal: no.Words() + waitWords(no.Wait, web.VisitOf(r).Now)})
	case web.IsFormRefusal(err), errors.Is(err, web.ErrTooLarge):
		status, words := h.Words(err)
		return h.chatShow(w, r, me, sentCard{values: values, status: status, refusal: words})
	}
	return err
}

// waitWords say from when on something can be done again.
func waitWords(wait time.Duration, now time.Time) string {
	if wait <= 0 {
		return ""
	}
	return " You can do it again from " + when(now.Add(wait).Add(time.Minute-1), now) + "."
}

// chatFile sends a photo or a file, once it was agreed that files may be read.
func (h *site) chatFile(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := h.chatRoles(r, me)
	if err != nil || roles.File == "" {
		return web.ErrNotFound
	}
	values, file, err := h.ReadUpload(w, r, fieldOf(roles.FileForm, roles.File), chat.MaxPhoto)
	if errors.Is(err, web.ErrTooLarge) {
		return h.answered(w, r, me, nil, &chat.Refusal{Code: chat.TooLarge})
	}
	if err == nil {
		_, err = h.Sent(r, &roles.FileForm, values)
	}
	if err != nil {
		return h.answered(w, r, me, nil, err)
	}
	states, err := h.states(r, me)
	if err != nil {
		return err
	}
	if s := stateOf(states, roles.File); s != nil && !s.Granted() {
		http.Redirect(w, r, chatPath+"/"+r.PathValue("line")+"#files", http.StatusSeeOther) // it is asked there
		return nil
	}
	t, err := h.openTalk(r, me)
	if err == nil && file.Data == nil {
		return h.chatShow(w, r, me, sentCard{status: http.StatusUnprocessableEntity, refusal: "Please choose a file first."})
	}
	if err == nil {
		var a chat.Attachment
		if a, err = h.Chat.Attach(r.Context(), file.Name, file.Data); err == nil {
			_, err = h.Chat.Send(r.Context(), t.mine, t.other, chat.Draft{File: &a})
		}
	}
	return h.answered(w, r, me, nil, err)
}

// fieldOf is the name of a form's field of a category.
func fieldOf(f policy.Form, category string) string {
	for _, x := range f.Fields {
		if x.Category == category {
			return x.Name
		}
	}
	return ""
}

// chatPlace shares once where whoever is signed in is (R11, PECR reg 14).
func (h *site) chatPlace(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := h.chatRoles(r, me)
	if err != nil || roles.Place == "" {
		return web.ErrNotFound
	}
	values, err := h.ReadOwn(r)
	if err != nil {
		return err
	}
	if _, err = h.Sent(r, &roles.PlaceForm, values); err != nil {
		return h.answered(w, r, me, nil, err)
	}
	fix, err := chat.ParseFix(values.Get(fieldOf(roles.PlaceForm, roles.Place)))
	if err == nil {
		var t talk
		if t, err = h.openTalk(r, me); err == nil {
			_, err = h.Chat.Share(r.Context(), me.Access(roles.Sharing), t.mine, t.other, fix)
		}
	}
	return h.answered(w, r, me, nil, err)
}

// messageOf is the message that an address names.
func messageOf(r *http.Request) (int64, error) {
	id, ok := web.ID(r.PathValue("message"))
	if !ok {
		return 0, web.ErrNotFound
	}
	return id, nil
}

// chatForget takes a message out of one's own conversations.
func (h *site) chatForget(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.chatButton(w, r, me, func(tx *store.Tx, roles chat.Roles, id int64) error {
		return h.Chat.Forget(r.Context(), tx, me.Access(roles.Purpose), me.Account.Subject, id)
	})
}

// chatUnshare takes back where one was, for both sides.
func (h *site) chatUnshare(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.chatButton(w, r, me, func(tx *store.Tx, _ chat.Roles, id int64) error {
		return h.Chat.Unshare(r.Context(), tx, me.Account.Subject, id)
	})
}

func (h *site) chatButton(w http.ResponseWriter, r *http.Request, me *identity.Session, act func(*store.Tx, chat.Roles, int64) error) error {
	roles, err := h.chatRoles(r, me)
	if err != nil {
		return err
	}
	if err := h.ReadButton(r); err != nil {
		return err
	}
	id, err := messageOf(r)
	if err != nil {
		return err
	}
	err = h.Store.Update(r.Context(), func(tx *store.Tx) error { return act(tx, roles, id) })
	if errors.Is(err, chat.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	line, ok := web.ID(r.PathValue("line"))
	if !ok {
		return web.ErrNotFound
	}
	to := threadPath(line)
	if t, err := h.talkOf(r, me, 0); err != nil || len(t.messages) == 0 && t.closed {
		to = chatPath // nothing is left of it
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// chatAttached hands out the photo or file of a message: to be saved, never to be
// run. What a browser may show of it is a photo that was drawn anew.
func (h *site) chatAttached(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if _, err := h.chatRoles(r, me); err != nil {
		return err
	}
	id, err := messageOf(r)
	if err != nil {
		return err
	}
	var a chat.Attachment
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		a, err = h.Chat.Attached(r.Context(), tx, me.Account.Subject, id)
		return err
	})
	if errors.Is(err, chat.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("Content-Type", a.Type)
	head.Set("Content-Length", strconv.Itoa(len(a.Data)))
	head.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	head["Content-Security-Policy"] = []string{"sandbox; default-src 'none'"}
	_, _ = w.Write(a.Data) // the client has gone
	return nil
}

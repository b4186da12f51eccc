package account

import (
	"errors"
	"net/http"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

const recoverPath = "/recover"

// recoverAsk asks whoever has typed their password whether they lost what comes
// after it. Without half a session it leads to the sign-in, whoever asks.
func (h *site) recoverAsk(w http.ResponseWriter, r *http.Request) error {
	half, err := h.half(r)
	if errors.Is(err, identity.ErrNotFound) {
		http.Redirect(w, r, web.SignInPath, http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	if !h.accounts.MayRecover(half) {
		return web.ErrNotFound
	}
	page := Done{Base: h.Base(r, "A lost second step", ""), Heading: "Have you lost your second step?"}
	page.NoIndex = true
	page.Words = []string{
		"If you have neither your telephone nor a recovery code any more, we can remove the second step from your account.",
		"First we send a link to your e-mail address. Once you have followed it you wait three days, so that nobody can do this behind your back; then a second e-mail has the link that removes it.",
		"Found it meanwhile? Sign in as always, and everything stays as it is.",
	}
	page.Confirm, page.ConfirmLabel, page.Safe = recoverPath, "Send me the first e-mail", true
	page.Links = []web.Link{{Label: "I have a code after all", Href: "/sign-in/code"}}
	h.Render(w, r, http.StatusOK, "account_done", page)
	return nil
}

// recoverAskPost sends the first mail.
func (h *site) recoverAskPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	half, err := h.half(r)
	if errors.Is(err, identity.ErrNotFound) { // too old by now
		http.Redirect(w, r, web.SignInPath, http.StatusSeeOther)
		return nil
	}
	if err == nil {
		err = h.accounts.AskRecovery(r.Context(), half)
	}
	if err != nil {
		return err
	}
	return h.done(w, r, "Please look into your mail", []string{
		"We sent a link to the address that you sign in with. It is good for an hour.",
		"If nothing comes, look among the unwanted mail. More than five e-mails a day about an account are not sent.",
	}, web.Link{Label: "Sign in", Href: web.SignInPath})
}

// asked shows the button of a link from a mail of recovery: following the link
// does nothing yet.
func (h *site) asked(w http.ResponseWriter, r *http.Request, form, submit string, page Ask) error {
	token := r.URL.Query().Get(tokenField)
	if !offered(r, form) {
		return web.ErrNotFound
	}
	if err := h.accounts.GoodToRecover(r.Context(), web.VisitOf(r).Surface.ID, token); err != nil {
		return err
	}
	f, err := h.form(w, r, form, submit, attempt{}, map[string]string{tokenField: token})
	if err != nil {
		return err
	}
	page.Forms, page.Narrow = []web.Form{f}, true
	return h.show(w, r, attempt{}, page)
}

// recoverBegin shows the button that begins the wait.
func (h *site) recoverBegin(w http.ResponseWriter, r *http.Request) error {
	return h.asked(w, r, recoverBeginForm, "Yes, they are lost", Ask{
		Base: h.Base(r, "A lost second step", ""), Heading: "Your second step is lost?",
		Lead:  "From now on you wait three days. Then we send you the link that removes it.",
		Words: []string{"Until then we also send you a link that stops it, and signing in with the second step stops it too."},
	})
}

// recoverBeginPost begins it.
func (h *site) recoverBeginPost(w http.ResponseWriter, r *http.Request) error {
	_, values, _, err := h.sent(r, recoverBeginForm)
	if err != nil {
		return err
	}
	over, err := h.accounts.BeginRecovery(r.Context(), web.VisitOf(r).Surface.ID, values.Get(tokenField))
	if err != nil {
		return err
	}
	return h.done(w, r, "The wait has begun", []string{
		"On " + over.In(policy.London).Format(moments) + " we send you the link that removes the second step. You need do nothing until then.",
		"If you find your telephone or a recovery code, sign in as always: then everything stays as it is.",
	})
}

// recoverStop shows the button that stops the wait.
func (h *site) recoverStop(w http.ResponseWriter, r *http.Request) error {
	return h.asked(w, r, recoverStopForm, "Keep my second step", Ask{
		Base: h.Base(r, "Keep the second step", ""), Heading: "Keep the second step?",
		Lead: "Then it is not removed, and your account goes on asking for it.",
	})
}

// recoverStopPost stops it.
func (h *site) recoverStopPost(w http.ResponseWriter, r *http.Request) error {
	_, values, _, err := h.sent(r, recoverStopForm)
	if err != nil {
		return err
	}
	if err := h.accounts.StopRecovery(r.Context(), web.VisitOf(r).Surface.ID, values.Get(tokenField)); err != nil {
		return err
	}
	return h.done(w, r, "Your second step stays", []string{
		"Nothing is removed. If it was not you who asked for it, somebody knows your password: please sign in and change it.",
	}, web.Link{Label: "Sign in", Href: web.SignInPath})
}

// recoverEnd stops it for whoever is signed in.
func (h *site) recoverEnd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	if err := h.accounts.EndRecovery(r.Context(), me); err != nil {
		return err
	}
	http.Redirect(w, r, web.EnrolPath, http.StatusSeeOther)
	return nil
}

// recoverFinish asks for the password with which the factors are removed.
func (h *site) recoverFinish(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get(tokenField)
	if !offered(r, recoverFinishForm) {
		return web.ErrNotFound
	}
	if err := h.accounts.GoodToRecover(r.Context(), web.VisitOf(r).Surface.ID, token); err != nil {
		return err
	}
	return h.recoverFinishShow(w, r, attempt{}, token)
}

// recoverFinishPost removes them and leads to where new ones are set up.
func (h *site) recoverFinishPost(w http.ResponseWriter, r *http.Request) error {
	form, values, _, err := h.sent(r, recoverFinishForm)
	if err != nil {
		return err
	}
	token := values.Get(tokenField)
	kept, s, err := h.accounts.FinishRecovery(r.Context(), web.VisitOf(r).Surface.ID, token, values.Get(passwordField), h.Device(r))
	if t, ok := h.again(form, values, err); ok {
		return h.recoverFinishShow(w, r, t, token)
	}
	if err != nil {
		return err
	}
	return h.signedIn(w, r, kept, s)
}

func (h *site) recoverFinishShow(w http.ResponseWriter, r *http.Request, t attempt, token string) error {
	form, err := h.form(w, r, recoverFinishForm, "Remove it and sign in", t, map[string]string{tokenField: token})
	if err != nil {
		return err
	}
	form.Action = web.WithBack(form.Action, web.EnrolPath)
	return h.show(w, r, t, Ask{
		Base: h.Base(r, "Remove the second step", ""), Heading: "Remove the second step", Forms: []web.Form{form}, Narrow: true,
		Lead:  "Every passkey, authenticator app and recovery code of your account goes, and it is signed out everywhere else.",
		Words: []string{"You are signed in here then, and can set up a new second step at once."},
	})
}

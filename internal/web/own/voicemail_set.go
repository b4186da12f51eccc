package own

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web"
)

// VoicemailSet is the page "voicemail_set": the form with which voicemail is set.
type VoicemailSet struct {
	web.Base
	Form web.Form
	Code string // what is dialled to record a greeting
	Back string
}

// voicemailSet shows how the voicemail of whoever is signed in is set.
func (h *site) voicemailSet(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, line, err := h.ownLine(r, me)
	if err != nil {
		return err
	}
	var box voicemail.Box
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		box, err = h.Voicemail.Box(r.Context(), tx, line)
		return err
	})
	if err != nil {
		return err
	}
	values := url.Values{}
	answer, mail := box.Answers()
	values.Set(roles.Answer, answer)
	if roles.Mail != "" {
		values.Set(roles.Mail, mail)
	}
	return h.voicemailSetShow(w, r, roles, sent{values: values})
}

func (h *site) voicemailSetShow(w http.ResponseWriter, r *http.Request, roles voicemail.Roles, t sent) error {
	form, err := h.Form(w, r, roles.Form.ID, "Keep this", t.values, t.wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal, form.Action = t.refusal, voicemailSetPath
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "voicemail_set", VoicemailSet{h.Base(r, "Set your voicemail", ""), form, voicemail.Code, voicemailPath})
	return nil
}

// voicemailSetPost sets it.
func (h *site) voicemailSetPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := voicemailRoles(r)
	if err != nil {
		return err
	}
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	var answers intake.Answers
	if _, err = h.Sent(r, &roles.Form, values); err == nil {
		answers, err = intake.Read(web.VisitOf(r).Policy(), roles.Form, values)
	}
	var fields intake.FieldErrors
	if errors.As(err, &fields) || web.IsFormRefusal(err) {
		t := sent{form: roles.Form.ID, values: values, wrong: fields}
		t.status, t.refusal = h.Words(err)
		return h.voicemailSetShow(w, r, roles, t)
	}
	var line telecom.Line
	if err == nil {
		_, line, err = h.ownLine(r, me)
	}
	if err != nil {
		return err
	}
	return h.backToVoicemail(w, r, func(ctx context.Context, tx *store.Tx) error {
		return h.Voicemail.Set(ctx, tx, me.Access(roles.Purpose), line, voicemail.Setting(answers.Value(roles.Answer), answers.Value(roles.Mail)))
	})
}

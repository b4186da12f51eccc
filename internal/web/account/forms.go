package account

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/policy"
)

// Forms of the policy that the program gives a meaning to, and their fields.
const (
	signUpForm        = "sign-up"
	finishForm        = "sign-up-finish"
	signInForm        = "sign-in"
	passkeyForm       = "sign-in-passkey"
	codeForm          = "sign-in-code"
	resetForm         = "reset"
	resetFinishForm   = "reset-finish"
	proveForm         = "prove"
	provePasskeyForm  = "prove-passkey"
	passwordForm      = "change-password"
	authenticatorForm = "authenticator"
	addPasskeyForm    = "add-passkey"
	addressForm       = "new-address"
	confirmForm       = "confirm-address"
	recoverBeginForm  = "recover-begin"
	recoverStopForm   = "recover-stop"
	recoverFinishForm = "recover-finish"

	emailField    = "email"
	passwordField = "current-password"
	newField      = "new-password"
	codeField     = "one-time-code"
	passkeyField  = "passkey"
	tokenField    = "token"
	roleField     = "role"
)

// InviteForm is the form with which somebody is invited.
const InviteForm = "invitation"

// sent reads a form and checks that it came from a page of ours. The stamp is
// empty for a form that may come back as quickly as a password manager types.
func (h *site) sent(r *http.Request, id string) (form *policy.Form, values url.Values, stamp string, err error) {
	v := web.VisitOf(r)
	if values, err = h.ReadForm(r); err != nil {
		return nil, nil, "", err
	}
	form, ok := v.Policy().FormByID(id)
	if !ok {
		return nil, nil, "", web.ErrNotFound
	}
	stamp, err = h.Sent(r, form, values)
	return form, values, stamp, err
}

// attempt is a form that was sent and may have to be shown again.
type attempt struct {
	values  url.Values
	wrong   intake.FieldErrors
	refusal string
	status  int
}

// again turns an error into a form that is shown again with what is wrong, or
// reports that it is no such error. Passwords and codes are never shown again.
func (h *site) again(form *policy.Form, values url.Values, err error) (attempt, bool) {
	t := attempt{values: values}
	var fields intake.FieldErrors
	var password identity.PasswordFault
	var address mail.AddressFault
	switch {
	case errors.As(err, &fields):
		t.wrong = fields
	case errors.As(err, &password):
		t.wrong = fault(form, newField, string(password))
	case errors.As(err, &address):
		t.wrong = fault(form, emailField, string(address))
	case errors.Is(err, identity.ErrSignIn), errors.Is(err, identity.ErrCode), errors.Is(err, identity.ErrBusy), web.IsFormRefusal(err):
		t.status, t.refusal = h.Words(err)
		return t, true
	default:
		return t, false
	}
	t.status, t.refusal = h.Words(t.wrong)
	return t, true
}

func fault(form *policy.Form, field, words string) intake.FieldErrors {
	label := ""
	if f, ok := form.FieldNamed(field); ok {
		label = f.Label
	}
	return intake.FieldErrors{{Field: field, Label: label, Message: words}}
}

// form builds the view of a form, as it was sent if it was.
func (h *site) form(w http.ResponseWriter, r *http.Request, id, submit string, t attempt, hidden map[string]string) (web.Form, error) {
	f, err := h.Form(w, r, id, submit, t.values, t.wrong, hidden)
	f.Refusal = t.refusal
	return f, err
}

// show answers with a page of forms.
func (h *site) show(w http.ResponseWriter, r *http.Request, t attempt, page Ask) error {
	page.NoIndex = true
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "account_form", page)
	return nil
}

// done answers that something was done.
func (h *site) done(w http.ResponseWriter, r *http.Request, heading string, words []string, links ...web.Link) error {
	page := Done{Base: h.Base(r, heading, ""), Heading: heading, Words: words, Links: links}
	page.NoIndex = true
	h.Render(w, r, http.StatusOK, "account_done", page)
	return nil
}

// back is the address of a form with the way back that its page carries.
func back(r *http.Request, path string) string {
	if to := web.BackOf(r); to != "/" {
		return web.WithBack(path, to)
	}
	return path
}

// signedIn gives the browser its session, ends the one it had before, takes
// away the half one, and leads to where the sign-in began.
func (h *site) signedIn(w http.ResponseWriter, r *http.Request, token string, s *identity.Session) error {
	v := web.VisitOf(r)
	if s.Level == identity.Half {
		v.SetCookie(w, "session", token)
		http.Redirect(w, r, back(r, "/sign-in/code"), http.StatusSeeOther)
		return nil
	}
	if past := v.Person; past != nil { // nobody holds it any more (ASVS 5.0 7.2.4)
		if err := h.accounts.End(r.Context(), past, past.ID); err != nil && !errors.Is(err, identity.ErrNotFound) {
			return err
		}
	}
	v.DropCookie(w, "session")
	v.SetCookie(w, "signin", token)
	to := web.BackOf(r)
	if s.Level == identity.Enrol {
		to = web.EnrolPath
	}
	if strings.HasPrefix(to, web.SignInPath) {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// renew gives the browser the token that its session has from now on, if it got
// another one.
func renew(w http.ResponseWriter, r *http.Request, me *identity.Session) {
	if token, ok := me.Renewed(); ok {
		web.VisitOf(r).SetCookie(w, "signin", token)
	}
}

// Dates and times as pages show them.
const (
	days    = "2 January 2006"
	moments = "2 January 2006 15:04"
)

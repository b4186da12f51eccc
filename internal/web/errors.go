package web

import (
	"context"
	"errors"
	"net/http"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/marketing"
	"candour/internal/profile"
	"candour/internal/push"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web/door"
)

// Refusals that handlers return. Each has its status and its words in the
// table below; any other error is "internal" outside and whole in the log.
var (
	ErrNotFound    = errors.New("web: not found")
	ErrMethod      = errors.New("web: method not allowed")
	ErrTooLarge    = errors.New("web: the request is too large")
	ErrType        = errors.New("web: not a form")
	ErrMalformed   = errors.New("web: the form cannot be read")
	ErrForged      = errors.New("web: the form does not come from a page we showed this browser")
	ErrCrossOrigin = errors.New("web: the form comes from another site")
	ErrTooMany     = errors.New("web: too many forms from one address")
	ErrRobot       = errors.New("web: a trap for robots was filled in")
	ErrWording     = errors.New("web: the choice was made under other words than are shown now")
	ErrNewer       = errors.New("web: another version of the notice was seen than is in force now")
	ErrCode        = errors.New("web: the code from the e-mail is not good any more")
	ErrNotYet      = errors.New("web: it is on its way")
	ErrUpgrade     = errors.New("web: a WebSocket is served here")
	errFields      = errors.New("web: fields cannot be taken") // intake.FieldErrors
	errInternal    = errors.New("web: internal")
)

// refusal is how an error is shown.
type refusal struct {
	err     error
	code    string // of a form that was not taken, in the metrics; else empty
	status  int
	heading string
	words   []string
}

// refusals is the one table from error to status and words.
var refusals = []refusal{
	{ErrNotFound, "", http.StatusNotFound, "We cannot find that page", []string{"The address may be mistyped, or the page may have moved. Nothing is wrong at your end."}},
	{ErrMethod, "", http.StatusMethodNotAllowed, "That cannot be done here", []string{"This address does not take what your browser sent. Please go back and use the buttons on the page."}},
	{ErrTooLarge, "form.too-large", http.StatusRequestEntityTooLarge, "That was too much at once", []string{"What was sent is larger than this form takes. Please shorten it and send it again. Nothing was kept."}},
	{ErrType, "form.type", http.StatusUnsupportedMediaType, "We cannot read what was sent", []string{"This address only takes forms from our own pages. Nothing was kept."}},
	{ErrMalformed, "form.malformed", http.StatusBadRequest, "We cannot read what was sent", []string{"The form arrived damaged. Please go back, load the page again and send it once more. Nothing was kept."}},
	{ErrForged, "form.forged", http.StatusForbidden, "Please send the form again", []string{
		"We could not tell that the form comes from our own page. That happens when a page was open for a long time, or when your browser does not keep our one cookie that protects forms.",
		"Please open the form anew and send it again. Nothing was kept.",
	}},
	{ErrCrossOrigin, "", http.StatusForbidden, "This did not come from our site", []string{"Another site tried to send this in your name, so we did not take it. If you meant to send it, please use the form on our own page."}},
	{ErrTooMany, "form.too-many", http.StatusTooManyRequests, "That was a lot in a short time", []string{"More forms came from your network than a person sends. Please wait ten minutes and send it again, or ring us."}},
	{ErrRobot, "form.robot", http.StatusBadRequest, "We took this for a robot", []string{"A field that people do not see was filled in. If you are a person, please open the form anew and leave the field empty, or ring us. Nothing was kept."}},
	{ErrWording, "form.wording", http.StatusConflict, "Our question has changed", []string{"What we ask about cookies changed while your page was open. Please look again and choose; nothing was changed."}},
	{ErrNewer, "form.newer", http.StatusConflict, "Our privacy notice has changed again", []string{"It changed while your page was open. Please load the page anew to see what is different; nothing was changed."}},
	{ErrCode, "form.code", http.StatusNotFound, "This link is not good any more", []string{"It may have been used already, or it is too old, or part of it was lost on the way. You can ask for a new one where you asked for this one: for our newsletter, or about your data."}},
	{identity.ErrSignIn, "sign-in.refused", http.StatusUnprocessableEntity, "That did not sign you in", []string{"The e-mail address and the password do not belong together, or too many wrong ones were tried. Please look at both again. If too many were tried, the owner of the address has an e-mail from us with a way in."}},
	{identity.ErrCode, "sign-in.code", http.StatusUnprocessableEntity, "That was not right", []string{"What you typed was not right. Please look again; a code from an app is good for half a minute, and each code once."}},
	{identity.ErrLink, "form.link", http.StatusNotFound, "This link is not good any more", []string{"It may have been used already, or it is too old, or part of it was lost on the way. Nothing was changed. You can ask for a new one where you asked for this one."}},
	{identity.ErrNotFound, "", http.StatusNotFound, "We cannot find that page", []string{"The address may be mistyped, or the page may have moved. Nothing is wrong at your end."}},
	{identity.ErrLast, "", http.StatusConflict, "The last one has to stay", []string{"Without it nobody could get in here any more. Please set up another one first. Nothing was changed."}},
	{identity.ErrProof, "", http.StatusForbidden, "Please show that it is you", []string{"This needs a fresh proof that it is you. Please go back and do it once more. Nothing was changed."}},
	{identity.ErrBusy, "", http.StatusServiceUnavailable, "Too many people are signing in", []string{"We cannot check your password just now. Please try again in a minute."}},
	{identity.ErrClosed, "", http.StatusNotFound, "We cannot find that page", []string{"The address may be mistyped, or the page may have moved. Nothing is wrong at your end."}},
	{people.ErrNotFound, "", http.StatusNotFound, "We cannot find that page", []string{"The address may be mistyped, or the page may have moved. Nothing is wrong at your end."}},
	{people.ErrFixed, "", http.StatusConflict, "This is not decided with a button", []string{"Your contract or a law needs it, or a person has to look at an objection first. Your choices say which, and why. Nothing was changed."}},
	{people.ErrChannel, "", http.StatusUnprocessableEntity, "Please choose a way", []string{"Please tick at least one way in which we may reach you, or say no to all. Nothing was changed."}},
	{people.ErrWords, "form.words", http.StatusConflict, "What you would agree to has changed", []string{"Our words about it changed while your page was open. Please read them again before you agree. Nothing was changed."}},
	{marketing.ErrAddress, "", http.StatusConflict, "We have no address for it", []string{"Your account has no e-mail address that is proven to be yours. You can ask for the newsletter on our website instead. Nothing was changed."}},
	{profile.ErrNotFound, "", http.StatusNotFound, "There is nothing to change", []string{"Nothing is held in that field any more, or it does not exist."}},
	{vault.ErrMandatory, "", http.StatusConflict, "This has to stay", []string{"We cannot serve you without it. You can put it right at any time. Nothing was changed."}},
	{vault.ErrKept, "", http.StatusConflict, "A law makes us keep this", []string{"It is used for that law alone. Your copy of your data says which. Nothing was changed."}},
	{telecom.ErrNoLine, "", http.StatusConflict, "Your account has no number", []string{"Without one there is nothing to connect a phone to. Our support can give you one. Nothing was changed."}},
	{telecom.ErrTooMany, "", http.StatusConflict, "That is as many phones as a line can have", []string{"Please remove one before you add another. Nothing was changed."}},
	{push.ErrSubscription, "", http.StatusUnprocessableEntity, "Your browser cannot be woken", []string{"It is reached through a service that we do not use, or you have not agreed to it. The app rings while it is open. Nothing was kept."}},
	{ErrNotYet, "", http.StatusServiceUnavailable, "That takes a moment", []string{"What you asked for was written a moment ago and is on its way into our signed log. Please go back and try again in a few seconds."}},
	{ErrUpgrade, "", http.StatusUpgradeRequired, "This address is for the phone itself", []string{"The page of the phone uses it to make and take calls. There is nothing to see here."}},
	{errFields, "form.fields", http.StatusUnprocessableEntity, "Please look at the form again", []string{"Please look at the marked fields. Nothing was sent yet."}},
	{door.ErrStamp, "form.stamp", http.StatusBadRequest, "Please open the form again", []string{"The form arrived without the mark that we put into it, or our privacy notice changed while it was open. Please look again and send it once more. Nothing was kept."}},
	{door.ErrQuick, "form.quick", http.StatusBadRequest, "That was very quick", []string{"The form came back faster than a person types. If you are one, please press the button again. Nothing was kept."}},
	{door.ErrStale, "form.stale", http.StatusBadRequest, "The form was open for a long time", []string{"Please check what you wrote and press the button again. Nothing was kept."}},
	{door.ErrReplay, "form.replay", http.StatusConflict, "We have this already", []string{"This form was sent before and we have it. You need not send it again."}},
	{context.DeadlineExceeded, "", http.StatusServiceUnavailable, "That took too long", []string{"We could not finish in time. Please try again in a minute. Nothing was kept."}},
	{context.Canceled, "", http.StatusServiceUnavailable, "That was cut short", []string{"The connection ended before we were done. Please try again."}},
	{errInternal, "", http.StatusInternalServerError, "Something went wrong at our end", []string{"It is our fault, not yours. We have noted that it happened. Please try again in a minute, or ring us."}},
}

// refusalOf finds the row for an error; the last row is for all others.
func refusalOf(err error) refusal {
	var large *http.MaxBytesError
	var fields intake.FieldErrors
	switch {
	case errors.As(err, &large):
		err = ErrTooLarge
	case errors.As(err, &fields):
		err = errFields
	}
	for _, row := range refusals {
		if errors.Is(err, row.err) {
			return row
		}
	}
	return refusals[len(refusals)-1]
}

// refused finds the row for an error, and counts the form that was not taken.
func (s *Site) refused(err error) refusal {
	row := refusalOf(err)
	if row.code != "" {
		s.metrics.refusals.WithLabelValues(row.code).Inc()
	}
	return row
}

// IsFormRefusal reports whether an error is one for which a form is shown again
// as it was typed.
func IsFormRefusal(err error) bool {
	for _, known := range []error{ErrForged, ErrRobot, ErrTooMany, door.ErrStamp, door.ErrQuick, door.ErrStale, door.ErrReplay} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// Words returns the status and first sentence for an error, to be shown above
// a form that was not taken. It counts it, as Fail does: call one of them.
func (s *Site) Words(err error) (status int, words string) {
	row := s.refused(err)
	return row.status, row.words[0]
}

// Fail answers with the page for an error. An error that is not in the table
// is logged whole; the page says only that it happened.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	v := VisitOf(r)
	row := s.refused(err)
	page := ErrorPage{Base: s.Base(r, row.heading, ""), Status: row.status, Heading: row.heading, Words: row.words}
	page.NoIndex = true
	page.Links = []Link{{Label: "To our home page", Href: page.HomeURL}, {Label: "Talk to us", Href: page.ContactURL}}
	if row.status >= http.StatusInternalServerError && row.err != ErrNotYet {
		page.RequestID = v.ID
		s.Log.Error("a request failed", "id", v.ID, "route", v.pattern, "error", err)
	}
	if row.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "600")
	}
	s.Render(w, r, row.status, "error", page)
}

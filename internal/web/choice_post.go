package web

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"candour/internal/consent"
	"candour/internal/web/door"
)

// PostConsent takes the form of choices and leads back to where it was shown,
// by a redirect, so that the next page has the header of the new choice. It
// works without scripts.
func (s *Site) PostConsent(w http.ResponseWriter, r *http.Request) error {
	v := VisitOf(r)
	values, err := s.readForm(r, s.choices)
	if err != nil {
		return err
	}
	wording, err := s.Wording(v.Policy(), v.Surface.ID)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(query.Get(shownField)), []byte(shown(wording))) != 1 {
		return ErrWording
	}
	c := choices(v.Policy(), v.Surface.ID)
	chosen, err := readChoices(c, values)
	if err != nil {
		return err
	}
	if err := s.decide(w, r, chosen, wording, door.Back(query.Get(backField))); err != nil {
		return err
	}
	s.metrics.decisions.WithLabelValues(outcomeOf(chosen)).Inc()
	return nil
}

// PostObject objects to a group that needs no consent, such as first-party
// statistics: one click, and nothing else about the browser's choices changes
// (R26, PECR Sch A1 paragraphs 5 and 6).
func (s *Site) PostObject(w http.ResponseWriter, r *http.Request) error {
	return s.objection(w, r, false, outcomeObjected)
}

// PostEndObjection takes an objection back. It has an address of its own, so
// that pressing a button of a page that is out of date never does the reverse
// of what the button says.
func (s *Site) PostEndObjection(w http.ResponseWriter, r *http.Request) error {
	return s.objection(w, r, true, outcomeEnded)
}

func (s *Site) objection(w http.ResponseWriter, r *http.Request, yes bool, outcome string) error {
	v := VisitOf(r)
	if _, err := s.readForm(r, s.choices); err != nil {
		return err
	}
	query := r.URL.Query()
	g, ok := v.Policy().GroupByID(query.Get(groupField))
	if !ok || !consent.Objectable(g) {
		return ErrNotFound
	}
	wording, err := s.Wording(v.Policy(), v.Surface.ID)
	if err != nil {
		return err
	}
	back := door.Back(query.Get(backField))
	if back == CookiesPath {
		back += "#objection-" + g.ID // where the page says how it is now
	}
	if err := s.decide(w, r, map[string]bool{g.ID: yes}, wording, back); err != nil {
		return err
	}
	s.metrics.decisions.WithLabelValues(outcome).Inc()
	return nil
}

// readChoices reads which button was pressed and, for "save", which boxes were
// ticked. Saving leaves objections as they are: they have buttons of their own.
func readChoices(c Consent, values url.Values) (map[string]bool, error) {
	if len(c.Groups) == 0 {
		return nil, ErrNotFound
	}
	pressed, chosen := values.Get(c.Accept.Name), map[string]bool{}
	switch pressed {
	case c.Accept.Value, c.Reject.Value:
		for _, o := range c.Objections {
			chosen[o.ID] = pressed == c.Accept.Value
		}
	case c.Save.Value:
	default:
		return nil, ErrMalformed
	}
	for _, g := range c.Groups {
		chosen[g.ID] = pressed == c.Accept.Value || pressed == c.Save.Value && values.Get(g.ID) != ""
	}
	return chosen, nil
}

// decide keeps the choice and leads back.
func (s *Site) decide(w http.ResponseWriter, r *http.Request, chosen map[string]bool, wording [32]byte, back string) error {
	v := VisitOf(r)
	err := s.keepChoice(w, r, consent.Request{Surface: v.Surface.ID, Choices: chosen, Wording: wording, State: v.Consent})
	if err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// keepChoice keeps a choice. The door then stands for the new choice: the
// cookie leaves under it, and what it no longer allows is expired with the same
// answer (R16, R27). Copies of pages that were made under a wider choice are
// cleared from the browser's cache.
func (s *Site) keepChoice(w http.ResponseWriter, r *http.Request, req consent.Request) error {
	v := VisitOf(r)
	widened := v.Consent.Widened()
	d, err := s.Desk.Decide(r.Context(), req)
	if err != nil {
		return err
	}
	_, value, ok := s.Desk.Cookie(v.Policy(), v.Surface.ID, d)
	if !ok {
		return ErrNotFound
	}
	v.Consent = s.Desk.Read(v.Policy(), v.Surface.ID, []string{value}, r.Header.Get("Sec-GPC") == "1")
	s.stand(w, r)
	v.SetCookie(w, "consent", value)
	if widened {
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	w.Header()["Cache-Control"] = noStore
	return nil
}

// stand has the doors of an answer stand for what the visit's browser agrees
// to now. It must come before anything else sets a cookie.
func (s *Site) stand(w http.ResponseWriter, r *http.Request) {
	v, h := VisitOf(r), w.Header()
	v.cookies.State = v.Consent
	s.setHeaders(h, v) // those of the new choice
	if lines, n := v.cookies.In(r); n > 0 {
		h["Set-Cookie"] = lines // those of the wider choice are among them
	}
}

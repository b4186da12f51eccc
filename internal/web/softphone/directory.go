package softphone

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
)

// directoryPath is that of the company's directory.
const directoryPath = "/directory"

// Directory is the page "directory": the people of one's company who chose to be
// found.
type Directory struct {
	web.Base
	Find    web.Form
	People  []ColleagueView
	All     int
	Looked  bool
	In      bool     // whoever looks stands in it themselves
	Name    string   // as they stand in it, or would
	Own     string   // their extension
	Words   []string // what a yes means
	Join    string   // where the yes posts
	Leave   string   // where it is taken back
	Correct string   // where the name is put right
	Style   string
}

// ColleagueView is somebody in the directory.
type ColleagueView struct{ Name, Extension, Call, Write string }

// colleague is somebody of one's company who chose to be found.
type colleague struct {
	Line            int64
	Name, Extension string
}

// directoryPurpose is the one for which whoever is signed in may stand in the
// directory of their company; not found where there is none.
func (h *site) directoryPurpose(r *http.Request, me *identity.Session) (string, error) {
	c := web.VisitOf(r).Version.Compiled
	purpose, ok := telecom.DirectoryPurpose(c)
	who, known := c.Policy().ActorByID(me.Account.Role.Actor())
	if !ok || !known || me.Account.Company == 0 || !slices.Contains(who.Purposes, purpose) {
		return "", web.ErrNotFound
	}
	return purpose, nil
}

// directoryFor is where whoever is signed in finds the directory of their
// company; empty where there is none.
func (h *site) directoryFor(r *http.Request, me *identity.Session) string {
	if _, err := h.directoryPurpose(r, me); err != nil {
		return ""
	}
	return directoryPath
}

// colleagues are those who chose to be found by whoever is signed in, without
// themselves.
func (h *site) colleagues(r *http.Request, me *identity.Session) (list []colleague, err error) {
	if _, err := h.directoryPurpose(r, me); err != nil {
		return nil, nil
	}
	mine, err := h.line(r, me)
	if errors.Is(err, telecom.ErrNoLine) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := h.Phones.Directory(r.Context(), mine)
	for _, l := range lines {
		if l.ID != mine.ID {
			list = append(list, colleague{l.ID, l.Name, l.Extension})
		}
	}
	return list, err
}

// directory shows the people of one's company who chose to be found.
func (h *site) directory(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.directoryShow(w, r, me, "", nil)
}

// directoryFind shows those whose name or extension has what was typed.
func (h *site) directoryFind(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	values, question, err := h.looked(r, "directory-find")
	if err != nil {
		return err
	}
	return h.directoryShow(w, r, me, question, values)
}

func (h *site) directoryShow(w http.ResponseWriter, r *http.Request, me *identity.Session, question string, values url.Values) error {
	purpose, err := h.directoryPurpose(r, me)
	if err != nil {
		return err
	}
	var choices []people.Choice
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		choices, err = h.Choices.Choices(r.Context(), tx, me.Account.Subject, me.Account.Role.Actor())
		return err
	})
	if err != nil {
		return err
	}
	page := Directory{Base: h.Base(r, "Your company’s directory", ""), Style: h.Asset("phone.css"), Leave: directoryPath + "/leave"}
	if v := web.VisitOf(r); v.Surface != nil {
		page.Correct = v.URL("portal", "/profile")
	}
	for _, c := range choices {
		if c.Purpose.ID == purpose {
			hash := c.Words.Hash()
			page.In, page.Words = c.State == people.StateGiven, c.Words
			page.Join = directoryPath + "/join?" + url.Values{shownField: {hex.EncodeToString(hash[:])}}.Encode()
		}
	}
	if page.Name, err = h.name(r, me); err != nil {
		return err
	}
	if mine, err := h.line(r, me); err == nil {
		page.Own = mine.Extension
	}
	list, err := h.colleagues(r, me)
	if err != nil {
		return err
	}
	if page.All = len(list); page.All > 0 {
		if page.Find, err = h.Form(w, r, "directory-find", "Find", values, nil, nil); err != nil {
			return err
		}
		page.Find.Action = directoryPath + "/find"
	}
	page.Looked = question != ""
	for _, p := range list {
		if !page.Looked || strings.Contains(strings.ToLower(p.Name+" "+p.Extension), strings.ToLower(question)) {
			page.People = append(page.People, ColleagueView{p.Name, p.Extension, dialAddress(p.Extension), threadPath(p.Line)})
		}
	}
	h.Render(w, r, http.StatusOK, "directory", page)
	return nil
}

// directoryJoin has whoever is signed in found by their company, and
// directoryLeave no longer.
func (h *site) directoryJoin(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.directoryChoose(w, r, me, true)
}

// directoryLeave is described at directoryJoin.
func (h *site) directoryLeave(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.directoryChoose(w, r, me, false)
}

func (h *site) directoryChoose(w http.ResponseWriter, r *http.Request, me *identity.Session, yes bool) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	purpose, err := h.directoryPurpose(r, me)
	if err != nil {
		return err
	}
	d := people.Decision{Subject: me.Account.Subject, Actor: me.Account.Role.Actor(), Surface: me.Surface, Purpose: purpose, Yes: yes}
	if b, err := hex.DecodeString(r.URL.Query().Get(shownField)); err == nil && len(b) == len(d.Shown) {
		copy(d.Shown[:], b)
	}
	if err := h.Choices.Decide(r.Context(), d); err != nil {
		return err
	}
	http.Redirect(w, r, directoryPath, http.StatusSeeOther)
	return nil
}

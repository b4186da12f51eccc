package website

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"time"

	"candour/internal/notice"
	"candour/internal/web"
	"candour/policy"
)

// privacy shows the notice in force.
func (h *site) privacy(w http.ResponseWriter, r *http.Request) error {
	return h.notice(w, r, web.VisitOf(r).Version)
}

// privacyVersion shows one version, at an address that stays (R1).
func (h *site) privacyVersion(w http.ResponseWriter, r *http.Request) error {
	version := h.numbered(r.PathValue("number"))
	if version == nil {
		return web.ErrNotFound
	}
	web.Route(r, web.VersionPath(version.Number))
	return h.notice(w, r, version)
}

// numbered is the version of a number in its one spelling, or nil.
func (h *site) numbered(text string) *notice.Version {
	number, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(number) != text {
		return nil
	}
	return h.Versions.Get(number)
}

// privacyChanges shows what changed from one version to a later one, which
// need not be the next: a browser may return after several (R1).
func (h *site) privacyChanges(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	old, new := h.numbered(r.PathValue("old")), h.numbered(r.PathValue("number"))
	if old == nil || new == nil || old.Number >= new.Number {
		return web.ErrNotFound
	}
	page := PrivacyChanges{
		Base: h.Base(r, "What changed in our privacy notice", "Every difference in meaning between two versions."),
		Old:  h.view(old, v.Now), New: h.view(new, v.Now),
	}
	for _, c := range policy.Diff(old.Profile.Policy, new.Profile.Policy) {
		page.Changes = append(page.Changes, Change{c.What, c.AskAgain})
	}
	h.Render(w, r, http.StatusOK, "privacy_changes", page)
	return nil
}

func (h *site) notice(w http.ResponseWriter, r *http.Request, shown *notice.Version) error {
	v := web.VisitOf(r)
	doc, err := h.Notice(shown)
	if err != nil {
		return err
	}
	page := Privacy{
		Base:     h.Base(r, "Privacy notice", "What "+v.Policy().Operator.ShortName+" does with personal data, why, and what you can do about it."),
		Document: doc, Version: h.view(shown, v.Now), Current: h.view(v.Version, v.Now),
	}
	if next := h.Versions.Pending(v.Now); next != nil {
		pending := h.view(next, v.Now)
		page.Pending = &pending
	}
	h.Render(w, r, http.StatusOK, "privacy", page)
	return nil
}

// privacyVersions lists all versions, newest first.
func (h *site) privacyVersions(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	page := PrivacyVersions{Base: h.Base(r, "All versions of our privacy notice", "Every version stays readable at its own address.")}
	for _, ver := range slices.Backward(h.Versions.List()) {
		page.Versions = append(page.Versions, h.view(ver, v.Now))
	}
	h.Render(w, r, http.StatusOK, "privacy_versions", page)
	return nil
}

// hashDigits of a version's hash are shown; the whole is in the evidence.
const hashDigits = 16

func (h *site) view(ver *notice.Version, now time.Time) VersionView {
	view := VersionView{
		Number: ver.Number, From: ver.From, Published: ver.Published, State: "in force",
		URL: web.VersionPath(ver.Number), Hash: hex.EncodeToString(ver.Hash[:])[:hashDigits],
	}
	list := h.Versions.List()
	at := slices.IndexFunc(list, func(o *notice.Version) bool { return o.Number == ver.Number })
	if at+1 < len(list) {
		view.Until = list[at+1].From
	}
	switch {
	case ver.From.After(now):
		view.State = "coming"
	case !view.Until.IsZero() && !view.Until.After(now):
		view.State = "past"
	}
	if at > 0 {
		for _, c := range policy.Diff(list[at-1].Profile.Policy, ver.Profile.Policy) {
			view.Changes = append(view.Changes, c.What)
		}
	}
	return view
}

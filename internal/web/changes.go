package web

import (
	"net/http"
	"net/url"
	"strconv"

	"candour/internal/consent/people"
	"candour/internal/notice"
	"candour/internal/web/door"
	"candour/policy"
)

// SeenPath takes the button with which a returning browser says that it has
// seen what changed, on every surface.
const SeenPath = "/notice/seen"

// versionField of that form's address is the version that was shown.
const versionField = "version"

// VersionPath is the address at which a version of the notice stays readable.
func VersionPath(number int) string { return PrivacyPath + "/versions/" + strconv.Itoa(number) }

// ChangesPath is the address of what changed from one version to a later one.
func ChangesPath(from, to int) string { return VersionPath(to) + "/since/" + strconv.Itoa(from) }

// announcement tells of the next version if it changes something that people
// must be told of before (R1).
func (s *Site) announcement(v *Visit) *Announcement {
	next := s.Versions.Pending(v.Now)
	if next == nil {
		return nil
	}
	changes := s.told(v.Version, next)
	if len(changes) == 0 {
		return nil
	}
	return &Announcement{Version: next.Number, From: next.From, Changes: changes, URL: v.URL("", VersionPath(next.Number))}
}

// changed tells whoever is signed in, or a browser that decided under an older
// version, what changed since the version they have seen (R1). Of a browser
// that decided nothing nothing is known, so it is told nothing.
func (s *Site) changed(v *Visit, path string) *Changed {
	known, behind := v.Consent.Behind()
	if v.known > 0 { // where they have seen it is no matter
		known, behind = v.known, v.known < v.Version.Number
	}
	if !behind {
		return nil
	}
	old := s.Versions.Get(known)
	if old == nil {
		return nil
	}
	query := url.Values{backField: {path}, versionField: {strconv.Itoa(v.Version.Number)}}
	return &Changed{
		Since: known, From: v.Version.From, Changes: s.told(old, v.Version),
		URL: v.URL("", ChangesPath(known, v.Version.Number)), Action: SeenPath + "?" + query.Encode(),
	}
}

// told works out, once for each pair of versions, what people must be told.
func (s *Site) told(old, new *notice.Version) []string {
	key := [2]int{old.Number, new.Number}
	if list, ok := s.tellings.Load(key); ok {
		return list.([]string)
	}
	var list []string
	for _, c := range policy.Diff(old.Profile.Policy, new.Profile.Policy) {
		if c.Tell {
			list = append(list, c.What)
		}
	}
	s.tellings.Store(key, list)
	return list
}

// PostSeen renews what a browser's cookie says it has seen, notes it for whoever
// is signed in, and leads back. Nothing is kept about a browser that decided
// nothing.
func (s *Site) PostSeen(w http.ResponseWriter, r *http.Request) error {
	v := VisitOf(r)
	if _, err := s.readForm(r, s.choices); err != nil {
		return err
	}
	query := r.URL.Query()
	if query.Get(versionField) != strconv.Itoa(v.Version.Number) {
		return ErrNewer
	}
	if _, behind := v.Consent.Behind(); behind {
		d, err := s.Desk.Accept(r.Context(), v.Surface.ID, v.Consent)
		if err != nil {
			return err
		}
		_, value, ok := s.Desk.Cookie(v.Policy(), v.Surface.ID, d)
		if !ok {
			return ErrNotFound
		}
		v.SetCookie(w, "consent", value)
		s.metrics.decisions.WithLabelValues(outcomeSeen).Inc()
	}
	if err := s.sawNotice(r, people.SeenIt); err != nil {
		return err
	}
	http.Redirect(w, r, door.Back(query.Get(backField)), http.StatusSeeOther)
	return nil
}

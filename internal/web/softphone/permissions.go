package softphone

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/web"
	"candour/policy"
)

// devices are the features that the phone asks people for, as browsers call
// them and the policy declares them.
var devices = []string{"microphone", "camera"}

// Features that messages ask for, on their page alone.
const (
	placeFeature  = "geolocation"
	cameraFeature = "camera"
)

// passkeyFeature is asked for on the pages of accounts, where a button says so.
const passkeyFeature = "publickey-credentials-get"

// PresenceID is the permission to show colleagues whether one is in a call: an id
// that the program gives a meaning to, for every operator. It is given on the page
// of permissions.
const PresenceID = "presence"

// optional is how the policy marks a permission that the app does without.
const optional = "optional"

// shownField of an address is the hash of the words that were shown.
const shownField = "shown"

// permissions shows every permission of the surface and how it stands (R11).
func (h *site) permissions(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	var states []people.PermissionState
	err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		states, err = h.Choices.Permissions(r.Context(), tx, me.Account.Subject, me.Account.Role.Actor(), me.Surface)
		return err
	})
	if err != nil {
		return err
	}
	page := Permissions{Base: h.Base(r, "Permissions", "")}
	for _, s := range states {
		view := permissionView(web.VisitOf(r), s)
		where := h.asksWhere(web.VisitOf(r).Policy(), s.Permission)
		if where != nil {
			view.askedAt(s, where)
		}
		if isPhoneState(s) {
			view.phoneStateView(s)
		}
		if s.Permission.ID == PresenceID && s.Granted() && PhoneStateStopped(states) {
			view.Next = presenceStopped
		}
		if asks := s.Permission.ID == PresenceID || isPhoneState(s) || slices.ContainsFunc(s.Permission.Features, func(f string) bool { return f == passkeyFeature || slices.Contains(devices, f) }); asks || where != nil {
			page.Asked = append(page.Asked, view)
		} else {
			page.Later = append(page.Later, view)
		}
	}
	h.Render(w, r, http.StatusOK, "permissions", page)
	return nil
}

var answerWords = map[people.Answer]string{
	"": "Not asked so far", people.PermissionGranted: "You allowed it", people.PermissionRefused: "You said no", people.PermissionRevoked: "You took it back",
}

func permissionView(v *web.Visit, s people.PermissionState) PermissionView {
	q := s.Permission
	view := PermissionView{
		ID: "permission-" + q.ID, Title: q.Title, Meaning: q.Meaning, Reason: q.Reason, Without: q.Without, Needed: q.Required != optional,
		State: answerWords[s.Answer], Tag: "optional", Words: s.Words[min(3, len(s.Words)):], // title, meaning and reason stand above them
	}
	if !view.Needed {
		view.Words = view.Words[min(1, len(view.Words)):] // what is lost without it does too
	}
	if s.Granted() {
		view.Tag, view.Revoke = "needed", answerPath(s, people.PermissionRevoked)
	}
	if !s.At.IsZero() {
		view.Since, view.Notice = "since "+s.At.In(policy.London).Format("2 January 2006 15:04")+", under version "+strconv.Itoa(s.Policy), v.URL("", web.VersionPath(s.Policy))
	}
	switch {
	case q.ID == PresenceID && s.Granted():
		view.Next = "The people of your firm see whether you are in a call while their phone is open, and not with whom."
	case q.ID == PresenceID:
		view.Next, view.Grant = "Nobody sees it unless you allow it.", answerPath(s, people.PermissionGranted)
	case slices.Contains(q.Features, passkeyFeature):
		view.State, view.Tag = "Asked by your browser each time", "optional"
		view.Next = "Your browser asks when you press a button that says so, and never before. Your passkeys, and how to remove one:"
		view.Link = &web.Link{Label: "Security", Href: web.EnrolPath}
	case !slices.ContainsFunc(q.Features, func(f string) bool { return slices.Contains(devices, f) }):
		view.State = "Not used yet"
	case s.Granted():
		view.Next = "Used during calls only. When a call ends, or you press the button in it, it is switched off."
	default:
		view.Next = "The app asks you in the moment in which a call needs it, and says why."
	}
	return view
}

// answerPath is where an answer is posted, with the words that were shown.
func answerPath(s people.PermissionState, a people.Answer) string {
	at := permissionsPath + "/" + s.Permission.ID + "/" + string(a)
	if a != people.PermissionGranted {
		return at
	}
	hash := s.Words.Hash()
	return at + "?" + url.Values{shownField: {hex.EncodeToString(hash[:])}}.Encode()
}

// permissionGranted keeps a yes, permissionRefused a no, and permissionRevoked
// that a yes was taken back.
func (h *site) permissionGranted(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.answer(w, r, me, people.PermissionGranted)
}

// permissionRefused is described at permissionGranted.
func (h *site) permissionRefused(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.answer(w, r, me, people.PermissionRefused)
}

// permissionRevoked is described at permissionGranted.
func (h *site) permissionRevoked(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.answer(w, r, me, people.PermissionRevoked)
}

func (h *site) answer(w http.ResponseWriter, r *http.Request, me *identity.Session, a people.Answer) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	d := people.PermissionDecision{
		Subject: me.Account.Subject, Actor: me.Account.Role.Actor(), Surface: me.Surface, Permission: r.PathValue("permission"), Answer: a,
	}
	if b, err := hex.DecodeString(r.URL.Query().Get(shownField)); err == nil && len(b) == len(d.Shown) {
		copy(d.Shown[:], b)
	}
	if err := h.Choices.DecidePermission(r.Context(), d); err != nil {
		return err
	}
	to := permissionsPath + "#permission-" + d.Permission
	if back := web.BackOf(r); back != "/" {
		to = back // it was asked where it is needed
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

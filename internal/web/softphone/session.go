package softphone

import (
	"encoding/json"
	"errors"
	"net/http"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/telecom"
	"candour/internal/web"
)

// sessionView is what the phone is told of whoever is signed in. It has no
// secret of theirs: the connection is opened by the cookie, and what stands in a
// way reaches the port of the calls and nothing else.
type sessionView struct {
	SignedIn  bool     `json:"signedIn"`
	Extension string   `json:"extension,omitempty"`
	Name      string   `json:"name,omitempty"`
	Domain    string   `json:"domain,omitempty"`
	Granted   []string `json:"granted,omitempty"` // devices that the person allowed
	Stopped   []string `json:"stopped,omitempty"` // what the app does by itself unless they said no, and they did
	Ways      []Way    `json:"ways,omitempty"`
}

// Way is a server through which a browser reaches the calls, as RTCIceServer has
// it (WebRTC section 4.2.4).
type Way struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"` // for this page, and for hours
}

// session tells the phone who is signed in, also that nobody is: a connection
// that was refused does not say why.
func (h *site) session(w http.ResponseWriter, r *http.Request) error {
	var view sessionView
	if me := web.VisitOf(r).Person; me != nil && me.Level == identity.Whole {
		view.SignedIn = true
		line, err := h.line(r, me)
		if err != nil && !errors.Is(err, telecom.ErrNoLine) {
			return err
		}
		if err == nil {
			view.Extension, view.Name, view.Domain = line.Extension, line.Name, h.Domain
			if h.Ways != nil {
				view.Ways = h.Ways()
			}
		}
		if view.Granted, view.Stopped, err = h.granted(r, me); err != nil {
			return err
		}
	}
	body, err := json.Marshal(view)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client has gone
	return nil
}

// granted are the devices that whoever is signed in allowed, and what they do not
// want the app to do.
func (h *site) granted(r *http.Request, me *identity.Session) (list, no []string, err error) {
	states, err := h.states(r, me)
	all := append(asks(states), askFor(states, phoneState, isPhoneState)...)
	if PhoneStateStopped(states) {
		no = []string{phoneState}
	}
	if roles, ok := h.wakes(); ok {
		all = append(all, askFor(states, "notifications", func(s people.PermissionState) bool { return s.Permission.ID == roles.Permission })...)
	}
	if a := h.whereAsk(states); a != nil {
		all = append(all, *a)
	}
	for _, a := range all {
		if a.Given {
			list = append(list, a.Device)
		}
	}
	return list, no, err
}

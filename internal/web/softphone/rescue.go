package softphone

import (
	"net/http"
	"slices"
	"strings"

	"candour/internal/consent/people"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
)

// Rescue is what the page says of calls to the emergency services, before and while
// one is made. It shows a person their own address.
type Rescue struct {
	Told    bool   // the services are told the address of a line that has one
	Address string // in one line; empty if nobody said where the line is
	Ask     *Ask   // before the device is asked where it is; nil where that is told nobody
}

// rescue finds what the services are told of a line; nil where no call reaches them.
func (h *site) rescue(r *http.Request, line telecom.Line, states []people.PermissionState) (*Rescue, error) {
	if !h.Phones.Rescues() {
		return nil, nil
	}
	view := &Rescue{Told: h.Phones.Tells().Address, Ask: h.whereAsk(states)}
	if _, err := telecom.AddressRolesOf(web.VisitOf(r).Version.Compiled); err != nil || !view.Told {
		return view, nil
	}
	err := h.Store.View(r.Context(), func(tx *store.Tx) error {
		where, known, err := h.Phones.AddressOf(r.Context(), tx, line)
		if known {
			view.Address = strings.Join(where.Lines(), ", ")
		}
		return err
	})
	return view, err
}

// whereAsk is what is asked before a device says where it is in an emergency call;
// nil where no service is told, or the policy declares no such permission.
func (h *site) whereAsk(states []people.PermissionState) *Ask {
	if !h.Phones.Tells().Fix {
		return nil
	}
	list := askFor(states, placeFeature, func(s people.PermissionState) bool { return slices.Contains(s.Permission.Features, placeFeature) })
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

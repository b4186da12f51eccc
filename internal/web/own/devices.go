package own

import (
	"errors"
	"net/http"
	"strconv"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/policy"
)

// Paths of people's own phones.
const (
	devicesPath = "/devices"
	addPath     = devicesPath + "/add"
)

// Devices is the page "devices": the phones on one's line.
type Devices struct {
	web.Base
	Extension string // empty if the account has no line
	Devices   []DeviceView
	Add       string // where one is added; empty where none can be now
	Most      int    // how many there can be
	Full      bool   // there are as many
	Open      bool   // phones can connect here
	Kept      string // how long what is held of one is kept, in words
	Data      string // address of what is held
	Support   string // address of the operator's support
	Known     bool   // whether phones are connected is known
	Browsers  string // how the phone in browsers is connected, in words; empty if it is not
}

// DeviceView is a phone as its person sees it.
type DeviceView struct {
	Name, Username, Added string
	Remove                string // where it is asked whether it shall go
	Connected             string // since when, and how, in words; empty if it is not
}

// registers reports whether people register phones on a surface.
func (d Deps) registers(p *policy.Policy, surface string) bool {
	roles, err := telecom.DeviceRolesOf(policy.Compile(p))
	return err == nil && d.Phones != nil && contains(roles.Form.Surfaces, surface)
}

// server is where phones connect; empty where none can.
func (d Deps) server() string {
	if d.PhoneServer == nil {
		return ""
	}
	return d.PhoneServer()
}

// serverTLS is where phones connect over TLS; empty where none can.
func (d Deps) serverTLS() string {
	if d.PhoneServerTLS == nil {
		return ""
	}
	return d.PhoneServerTLS()
}

// deviceRoles are those of the policy in force; not found if it declares none.
func deviceRoles(r *http.Request) (telecom.DeviceRoles, error) {
	return rolesHere(r, telecom.DeviceRolesOf, func(x *telecom.DeviceRoles) *policy.Form { return &x.Form })
}

// devices shows the phones of whoever is signed in.
func (h *site) devices(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	page, err := h.devicesPage(r, me)
	if err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "devices", page)
	return nil
}

func (h *site) devicesPage(r *http.Request, me *identity.Session) (Devices, error) {
	roles, err := deviceRoles(r)
	if err != nil {
		return Devices{}, err
	}
	list, line, err := h.devicesOf(r, me)
	if err != nil {
		return Devices{}, err
	}
	page := Devices{
		Base: h.Base(r, "Your desk phones", ""), Extension: line.Extension, Most: telecom.MaxDevices, Full: len(list) >= telecom.MaxDevices, Open: h.server() != "" || h.serverTLS() != "",
		Kept: h.Kept(r, roles.Form.ID), Data: dataPath, Support: web.VisitOf(r).Public("/contact"),
	}
	if page.Extension != "" && page.Open && !page.Full {
		page.Add = addPath
	}
	connected := h.connected(line.ID)
	page.Known, page.Browsers = connected != nil, connected[0]
	for _, d := range list {
		page.Devices = append(page.Devices, DeviceView{deviceTitle(d), d.Username, day(d.Added), devicePath(d.ID) + "/remove", connected[d.ID]})
	}
	return page, nil
}

// devicesOf are the phones and the line of whoever is signed in; a line without
// an extension if they have none.
func (h *site) devicesOf(r *http.Request, me *identity.Session) (list []telecom.Device, line telecom.Line, err error) {
	line, err = h.Phones.LineOf(r.Context(), me.Account.ID)
	if err == nil {
		err = h.Store.View(r.Context(), func(tx *store.Tx) error {
			list, err = h.Phones.Devices(r.Context(), tx, me.Account.ID)
			return err
		})
	}
	if errors.Is(err, telecom.ErrNoLine) || errors.Is(err, &telecom.Refusal{Code: telecom.Undeclared}) {
		return nil, telecom.Line{}, nil
	}
	return list, line, err
}

// deviceTitle is what a phone is called; its name may be gone before it.
func deviceTitle(d telecom.Device) string {
	if d.Name == "" {
		return "A phone without a name"
	}
	return d.Name
}

func devicePath(id int64) string { return devicesPath + "/" + strconv.FormatInt(id, 10) }

package own

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web"
)

// DeviceAdd is the page "device_add": the form with which a phone is named.
type DeviceAdd struct {
	web.Base
	Extension string
	Form      web.Form
	Help      bool // emergency calls lead somewhere
	Secret    bool // it can connect over TLS
	Settings  string
	Back      string
}

// DeviceAdded is the page "device_added": what a phone is set up with, told
// once. It is for the eyes of its person alone.
type DeviceAdded struct {
	web.Base
	Name, Extension    string
	Username, Password string
	Domain             string
	Server             string // where the phone connects, if that is not the domain; empty also where none does without TLS
	ServerTLS          string // where it connects over TLS; empty where none does
	Plain              bool   // it can connect without TLS
	Picture            Picture
	Voicemail          string // what is dialled to hear messages; empty where nothing takes any
	Makers             []Maker
	Back               string
}

// Picture is a square that a camera reads (ISO/IEC 18004): a drawing of as many
// units on each side, with the quiet edge that the standard asks for.
type Picture struct {
	Units int
	Path  string // of an SVG drawing: the dark squares
}

// quietZone is the edge of a square, in its units (ISO/IEC 18004 section 6.3.8).
const quietZone = 4

// pictureOf draws a text.
func pictureOf(text string) (Picture, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return Picture{}, errors.New("web: the square cannot be drawn") // the library's words quote the text
	}
	var b strings.Builder
	side := code.Bounds().Dx()
	for y := range side {
		for x := range side {
			if dark, _, _, _ := code.At(x, y).RGBA(); dark == 0 {
				b.WriteString("M" + strconv.Itoa(x+quietZone) + " " + strconv.Itoa(y+quietZone) + "h1v1h-1z")
			}
		}
	}
	return Picture{side + 2*quietZone, b.String()}, nil
}

// deviceAdd shows the form.
func (h *site) deviceAdd(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.deviceAddShow(w, r, me, sent{})
}

// deviceAddShow shows the form, or, where no phone can be added, the page that
// says why.
func (h *site) deviceAddShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent) error {
	list, err := h.devicesPage(r, me)
	if err != nil {
		return err
	}
	if list.Add == "" {
		h.Render(w, r, http.StatusOK, "devices", list)
		return nil
	}
	roles, err := deviceRoles(r)
	if err != nil {
		return err
	}
	form, err := h.Form(w, r, roles.Form.ID, "Add the phone", t.values, t.wrong, nil)
	if err != nil {
		return err
	}
	form.Refusal, form.Action = t.refusal, addPath
	for i := range form.Fields {
		if form.Fields[i].Name == roles.Field {
			form.Fields[i].MaxLength = telecom.MaxDeviceName
		}
	}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "device_add", DeviceAdd{
		Base: h.Base(r, "Add a phone", ""), Extension: list.Extension, Form: form,
		Help: h.Phones.Rescues(), Secret: h.serverTLS() != "", Settings: SettingsPath, Back: devicesPath,
	})
	return nil
}

// deviceAddPost registers the phone, and tells what it is set up with.
func (h *site) deviceAddPost(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	roles, err := deviceRoles(r)
	if err != nil {
		return err
	}
	values, err := h.ReadForm(r)
	if err != nil {
		return err
	}
	v := web.VisitOf(r)
	var answers intake.Answers
	if _, err = h.Sent(r, &roles.Form, values); err == nil {
		answers, err = intake.Read(v.Policy(), roles.Form, values)
	}
	var d telecom.Device
	var c telecom.Credentials
	if err == nil {
		err = h.Store.Update(r.Context(), func(tx *store.Tx) (err error) {
			d, c, err = h.Phones.GiveDevice(r.Context(), tx, me.Access(roles.Purpose), me.Account.ID, answers.Value(roles.Field))
			return err
		})
	}
	if errors.Is(err, telecom.ErrDeviceName) {
		f, _ := roles.Form.FieldNamed(roles.Field)
		err = intake.FieldErrors{{Field: f.Name, Label: f.Label, Message: "Please give it a name of at most " + strconv.Itoa(telecom.MaxDeviceName) + " letters and digits."}}
	}
	var fields intake.FieldErrors
	if errors.As(err, &fields) || web.IsFormRefusal(err) {
		t := sent{form: roles.Form.ID, values: values, wrong: fields}
		t.status, t.refusal = h.Words(err)
		return h.deviceAddShow(w, r, me, t)
	}
	if err != nil {
		return err
	}
	return h.deviceAdded(w, r, d, c)
}

func (h *site) deviceAdded(w http.ResponseWriter, r *http.Request, d telecom.Device, c telecom.Credentials) error {
	page := DeviceAdded{
		Base: h.Base(r, "Set up your phone", ""), Name: d.Name, Extension: d.Line.Extension, Username: c.Username, Password: c.Password, Domain: c.Domain, Makers: makers, Back: devicesPath,
	}
	page.ServerTLS, page.Plain = h.serverTLS(), h.server() != ""
	if server := h.server(); server != c.Domain {
		page.Server = server
	}
	if h.Voicemail != nil {
		page.Voicemail = voicemail.Code
	}
	var err error
	if page.Picture, err = pictureOf(c.Address()); err != nil {
		return err
	}
	h.Render(w, r, http.StatusOK, "device_added", page)
	return nil
}

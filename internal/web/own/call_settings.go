package own

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/policy"
)

// SettingsPath is where people set up their line.
const SettingsPath = "/call-settings"

// CallSettings is the page "call_settings": what somebody set of their line,
// each thing a form of its own.
type CallSettings struct {
	web.Base
	Extension string // empty if the account has no line
	Support   string // address of the operator's support
	Helped    string // until when everybody gets through after an emergency call; empty if it is no such time

	Quiet, Number, Anonymous, Bill *web.Form
	QuietUntil                     string // in words; empty if it rings

	Forward  *web.Form
	Forwards []ForwardView
	Incoming []IncomingView
	Block    *web.Form
	Blocks   []BlockView

	Emergency *EmergencyView // nil where the policy declares none
	Kept      string         // how long it is kept, in words
	Data      string         // address of what is held
}

// ForwardView is where calls go on to, as their person sees it.
type ForwardView struct {
	When, To string
	Stopped  string // why it does not work, in words; empty if it does
	Remove   string // where the button to end it posts
}

// IncomingView is a line whose calls come, or came, to a person.
type IncomingView struct {
	Who     string
	What    string
	Stopped bool
	Act     string // where its button posts
}

// BlockView is a caller who is blocked.
type BlockView struct{ Who, Added, Remove string }

// EmergencyView is where a line is, for emergency calls.
type EmergencyView struct {
	Lines  []string // as on an envelope; none if nobody has said
	Form   web.Form
	Warned string // since when the warning is known to be read; empty if it is not
	Read   string // where the button that says so posts
	Help   bool   // emergency calls lead somewhere
}

// setsUp reports whether people set up their lines on a surface.
func (d Deps) setsUp(p *policy.Policy, surface string) bool {
	roles, err := telecom.SettingsRolesOf(policy.Compile(p))
	return err == nil && d.Phones != nil && contains(roles.Form.Surfaces, surface)
}

func (h *site) settingsRoutes(rt *web.Routes) {
	rt.Member(web.Whole, "GET "+SettingsPath, h.callSettings)
	for _, s := range lineSections {
		rt.Member(web.Whole, "GET "+SettingsPath+"/"+s.field, h.callSettings) // where a reload of the answer leads
		rt.Member(web.Whole, "POST "+SettingsPath+"/"+s.field, h.callSet(s))
	}
	rt.Member(web.Whole, "GET "+SettingsPath+"/forward", h.callSettings)
	rt.Member(web.Whole, "POST "+SettingsPath+"/forward", h.callForward)
	rt.Member(web.Whole, "POST "+SettingsPath+"/forward/{forward}/remove", h.settingsButton("forward", h.Phones.RemoveForward, "forwarding"))
	rt.Member(web.Whole, "POST "+SettingsPath+"/forwarded/{forward}/stop", h.settingsButton("forward", h.Phones.StopForwarded, "forwarded"))
	rt.Member(web.Whole, "POST "+SettingsPath+"/forwarded/{stop}/allow", h.settingsButton("stop", h.Phones.AllowForwarded, "forwarded"))
	rt.Member(web.Whole, "GET "+SettingsPath+"/block", h.callSettings)
	rt.Member(web.Whole, "POST "+SettingsPath+"/block", h.callBlock)
	rt.Member(web.Whole, "POST "+SettingsPath+"/block/{blocked}/remove", h.settingsButton("blocked", h.Phones.Unblock, "blocked"))
	rt.Member(web.Whole, "GET "+SettingsPath+"/address", h.callSettings)
	rt.Member(web.Whole, "POST "+SettingsPath+"/address", h.callAddress)
	rt.Member(web.Whole, "POST "+SettingsPath+"/address/read", h.callAddressRead)
}

// lineSection is a field of the form of the settings, which is a form of its own on
// the page.
type lineSection struct{ field, title, submit string }

var lineSections = []lineSection{
	{telecom.QuietField, "Do not disturb", "Save"},
	{telecom.NumberField, "Your number", "Save"},
	{telecom.AnonymousField, "Withheld numbers", "Save"},
	{telecom.BillField, "Your bill", "Save"},
}

// callSettings shows the page.
func (h *site) callSettings(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.callSettingsShow(w, r, me, sent{})
}

// settingsRoles are those of the policy in force; not found if it declares none.
func settingsRoles(r *http.Request) (telecom.SettingsRoles, error) {
	return rolesHere(r, telecom.SettingsRolesOf, func(x *telecom.SettingsRoles) *policy.Form { return &x.Form })
}

// lineOf is the line of whoever is signed in; one without an extension if they
// have none.
func (h *site) lineOf(r *http.Request, me *identity.Session) (telecom.Line, error) {
	l, err := h.Phones.LineOf(r.Context(), me.Account.ID)
	if errors.Is(err, telecom.ErrNoLine) || errors.Is(err, &telecom.Refusal{Code: telecom.Undeclared}) {
		return telecom.Line{}, nil
	}
	return l, err
}

// hasLine is the line of whoever is signed in; telecom.ErrNoLine if they have none.
func (h *site) hasLine(r *http.Request, me *identity.Session) (telecom.Line, error) {
	l, err := h.lineOf(r, me)
	if err == nil && l.Extension == "" {
		err = telecom.ErrNoLine
	}
	return l, err
}

// callSettingsShow shows the page, with a form that could not be taken as it was
// typed.
func (h *site) callSettingsShow(w http.ResponseWriter, r *http.Request, me *identity.Session, t sent) error {
	roles, err := settingsRoles(r)
	if err != nil {
		return err
	}
	line, err := h.lineOf(r, me)
	if err != nil {
		return err
	}
	page := CallSettings{
		Base: h.Base(r, "Call settings", ""), Extension: line.Extension, Support: web.VisitOf(r).Public("/contact"), Kept: h.Kept(r, roles.Form.ID), Data: dataPath,
	}
	if page.Extension != "" {
		if err := h.settingsForms(w, r, line, t, &page); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if t.status != 0 {
		status = t.status
	}
	h.Render(w, r, status, "call_settings", page)
	return nil
}

// settingsForms fills in what is set, and the forms to change it.
func (h *site) settingsForms(w http.ResponseWriter, r *http.Request, line telecom.Line, t sent, page *CallSettings) error {
	var s telecom.Settings
	var forwards []telecom.Forward
	var incoming []telecom.Incoming
	var blocks []telecom.BlockedCaller
	err := h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if s, err = h.Phones.Settings(r.Context(), tx, line); err != nil {
			return err
		}
		if forwards, err = h.Phones.Forwards(r.Context(), tx, line); err != nil {
			return err
		}
		if incoming, err = h.Phones.ForwardedTo(r.Context(), tx, line); err != nil {
			return err
		}
		blocks, err = h.Phones.BlockedCallers(r.Context(), tx, line)
		return err
	})
	if err != nil {
		return err
	}
	now := web.VisitOf(r).Now
	if until := s.Helped.Add(time.Hour); !s.Helped.IsZero() && now.Before(until) {
		page.Helped = until.In(policy.London).Format("15:04")
	}
	page.QuietUntil = quietWords(s, now)
	for _, f := range forwards {
		page.Forwards = append(page.Forwards, forwardView(f))
	}
	for _, in := range incoming {
		page.Incoming = append(page.Incoming, incomingView(in))
	}
	for _, b := range blocks {
		page.Blocks = append(page.Blocks, blockView(b))
	}
	return h.fillForms(w, r, line, s, t, page)
}

func (h *site) fillForms(w http.ResponseWriter, r *http.Request, line telecom.Line, s telecom.Settings, t sent, page *CallSettings) (err error) {
	given := settingValues(s, web.VisitOf(r).Now)
	for i, form := range []**web.Form{&page.Quiet, &page.Number, &page.Anonymous, &page.Bill} {
		if *form, err = h.sectionForm(w, r, lineSections[i], given, t); err != nil {
			return err
		}
	}
	if page.Forward, err = h.oneForm(w, r, telecom.ForwardFormID, "Forward", url.Values{telecom.AfterField: {"20"}}, t); err != nil {
		return err
	}
	if page.Block, err = h.oneForm(w, r, telecom.BlockFormID, "Block", nil, t); err != nil {
		return err
	}
	page.Emergency, err = h.emergencyView(w, r, line, t)
	return err
}

// settingValues are the options that stand for how a line is set.
func settingValues(s telecom.Settings, now time.Time) url.Values {
	pick := func(on bool, yes, no string) []string {
		if on {
			return []string{yes}
		}
		return []string{no}
	}
	quiet, open := s.Quiet(now)
	values := url.Values{
		telecom.NumberField: pick(s.Withheld, "withheld", "shown"), telecom.AnonymousField: pick(s.Refuse, "refused", "taken"),
		telecom.BillField: pick(s.PlainBill, "plain", "itemised"), telecom.QuietField: pick(quiet && open, "on", "off"),
	}
	if quiet && !open {
		values[telecom.QuietField] = nil // a time that is running is none of the answers
	}
	return values
}

// sectionForm is the form of one field of the settings.
func (h *site) sectionForm(w http.ResponseWriter, r *http.Request, s lineSection, given url.Values, t sent) (*web.Form, error) {
	again := t.form == s.field
	form, err := h.Form(w, r, telecom.SettingsFormID, s.submit, given, nil, nil)
	if again {
		form, err = h.Form(w, r, telecom.SettingsFormID, s.submit, t.values, t.wrong, nil)
	}
	if err != nil {
		return nil, err
	}
	form.ID, form.Title, form.Action, form.Purpose, form.Kept = s.field+"-form", s.title, SettingsPath+"/"+s.field, "", ""
	if again {
		form.Refusal = t.refusal
	}
	fields := form.Fields[:0]
	for _, f := range form.Fields {
		if f.Name == s.field {
			fields = append(fields, f)
		}
	}
	form.Fields = fields
	if len(fields) == 0 {
		return nil, nil // the operator offers no such setting
	}
	return &form, nil
}

// oneForm is a declared form of the page.
func (h *site) oneForm(w http.ResponseWriter, r *http.Request, id, submit string, given url.Values, t sent) (*web.Form, error) {
	again := t.form == id
	if again {
		given = t.values
	}
	form, err := h.Form(w, r, id, submit, given, nil, nil)
	if again {
		form, err = h.Form(w, r, id, submit, given, t.wrong, nil)
	}
	if err != nil {
		return nil, err
	}
	form.Purpose, form.Kept = "", "" // told once, at the end of the page
	if again {
		form.Refusal = t.refusal
	}
	return &form, nil
}

// emergencyView is where the line is, with the form that tells.
func (h *site) emergencyView(w http.ResponseWriter, r *http.Request, line telecom.Line, t sent) (*EmergencyView, error) {
	v := web.VisitOf(r)
	roles, err := addressRoles(r)
	if err != nil {
		return nil, nil //nolint:nilerr // nobody asks here where a line is
	}
	var where telecom.Address
	var known bool
	err = h.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		where, known, err = h.Phones.AddressOf(r.Context(), tx, line)
		return err
	})
	if err != nil {
		return nil, err
	}
	view := EmergencyView{Read: SettingsPath + "/address/read", Help: h.Phones.Rescues()}
	submit := "Save this address"
	var given url.Values
	if known {
		view.Lines, submit = where.Lines(), "Save the new address"
		given = url.Values{"unit": {where.Unit}, "house": {where.House}, "street": {where.Street}, "town": {where.Town}, "postcode": {where.Postcode}}
	}
	if !where.Warned.IsZero() {
		view.Warned = day(where.Warned)
	}
	form, err := h.oneForm(w, r, telecom.AddressFormID, submit, given, t)
	if err != nil {
		return nil, err
	}
	p := v.Policy()
	if q, ok := p.PurposeByID(roles.Purpose); ok {
		form.Purpose, form.Kept = q.Title, h.Kept(r, roles.Form.ID)
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		f.Type, f.Autocomplete = "text", addressTokens[f.Name] // one line of an address each
		if i > 0 {                                             // the reason is the same for all
			f.Describes = strings.TrimSpace(strings.ReplaceAll(f.Describes, f.ID+"-reason", ""))
			f.Describes = strings.TrimSpace(strings.ReplaceAll(f.Describes, f.ID+"-without", ""))
			f.Reason, f.Without = "", ""
		}
		f.Without = ""
	}
	view.Form = *form
	return &view, nil
}

// addressTokens are how browsers fill the fields in (HTML section 4.10.18.7).
var addressTokens = map[string]string{"house": "off", "street": "address-line1", "town": "address-level2", "postcode": "postal-code", "unit": "off"}

func quietWords(s telecom.Settings, now time.Time) string {
	quiet, open := s.Quiet(now)
	switch {
	case !quiet:
		return ""
	case open:
		return "until you turn it off"
	}
	until := s.QuietUntil.In(policy.London)
	if until.YearDay() == now.In(policy.London).YearDay() {
		return "until " + until.Format("15:04") + " today"
	}
	return "until " + until.Format("15:04") + " tomorrow"
}

var forwardWords = map[telecom.Way]string{
	telecom.Always: "All calls", telecom.WhenBusy: "Calls that come while you are on another", telecom.WhenUnanswered: "Calls that you do not answer",
}

func numberWords(s string) string {
	switch {
	case s == "":
		return "a number that is gone"
	case len(s) <= 6:
		return "extension " + s
	}
	return s
}

func forwardView(f telecom.Forward) ForwardView {
	v := ForwardView{When: forwardWords[f.Way], To: numberWords(f.To), Remove: SettingsPath + "/forward/" + strconv.FormatInt(f.ID, 10) + "/remove"}
	if f.Way == telecom.WhenUnanswered {
		v.When += " within " + strconv.Itoa(int(f.After/time.Second)) + " seconds"
	}
	switch {
	case f.Stopped.IsZero():
	case f.ByThem:
		v.Stopped = "Stopped on " + day(f.Stopped) + " by the person they went to. Your calls ring on your own phones."
	default:
		v.Stopped = "Stopped on " + day(f.Stopped) + ": that line is no more. Your calls ring on your own phones."
	}
	return v
}

func incomingView(in telecom.Incoming) IncomingView {
	id := strconv.FormatInt(in.ID, 10)
	v := IncomingView{Who: "A line whose number is withheld"}
	if in.From != "" {
		v.Who = "Extension " + in.From
	}
	if !in.Stopped.IsZero() {
		v.Stopped, v.What, v.Act = true, "Stopped by you on "+day(in.Stopped)+".", SettingsPath+"/forwarded/"+id+"/allow"
		return v
	}
	var ways []string
	for _, way := range in.Ways {
		ways = append(ways, map[telecom.Way]string{telecom.Always: "all calls", telecom.WhenBusy: "calls while they are on another", telecom.WhenUnanswered: "calls they do not answer"}[way])
	}
	v.What, v.Act = "Forwards to you: "+strings.Join(ways, ", ")+".", SettingsPath+"/forwarded/"+id+"/stop"
	return v
}

func blockView(b telecom.BlockedCaller) BlockView {
	v := BlockView{Who: numberWords(b.Who), Added: "since " + day(b.Added), Remove: SettingsPath + "/block/" + strconv.FormatInt(b.ID, 10) + "/remove"}
	if b.Call != "" {
		v.Who = "Whoever called from a withheld number on " + b.Call
	}
	v.Who = strings.ToUpper(v.Who[:1]) + v.Who[1:]
	return v
}

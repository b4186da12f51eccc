package own

import (
	"encoding/csv"
	"errors"
	"net/http"
	"strconv"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/policy"
)

// monthForm is how a month stands in an address.
const monthForm = "2006-01"

// shownBilled is how many calls of a month a page shows at most; the file has
// all.
const shownBilled = 300

// Statement is the page "statement": what the calls of an account cost in a
// month.
type Statement struct {
	web.Base
	Whose    string // reference of a colleague's account; empty for one's own
	Month    string
	Total    string
	Calls    int
	Length   string
	Plain    bool // without the single calls, as their person chose
	Items    []BilledView
	More     int    // calls that are not shown
	File     string // address of the same as a table; empty where there are no single calls
	Settings string // where the choice is made; empty where there are no settings
	Back     string
}

// BilledView is a call on a statement.
type BilledView struct{ When, Stamp, Number, Class, Length, Cost string }

// statement shows what the calls of whoever is signed in cost in a month.
func (h *site) statement(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.statementOf(w, r, me, me.Account)
}

// statementColleague shows the same of an account of the firm that they look
// after.
func (h *site) statementColleague(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	of, err := h.limited(r, me)
	if err != nil {
		return err
	}
	return h.statementOf(w, r, me, of)
}

// billed reads the statement that an address names. Of a colleague it is a look
// that stands in their history.
func (h *site) billed(r *http.Request, me *identity.Session, of identity.Account) (st telecom.Statement, err error) {
	if err := h.spendsHere(r); err != nil {
		return st, err
	}
	month, err := time.ParseInLocation(monthForm, r.PathValue("month"), policy.London)
	roles, rerr := telecom.RolesOf(web.VisitOf(r).Version.Compiled)
	if err != nil || rerr != nil {
		return st, web.ErrNotFound
	}
	in, a := h.Store.View, me.Access(roles.Purpose)
	if of.ID != me.Account.ID {
		in, a = h.Store.Update, vault.Access{Actor: a.Actor, Purpose: a.Purpose, Surface: a.Surface}
	}
	err = in(r.Context(), func(tx *store.Tx) (err error) {
		st, err = h.Phones.Statement(r.Context(), tx, a, of, month)
		return err
	})
	if errors.Is(err, telecom.ErrNotFound) {
		return st, web.ErrNotFound
	}
	return st, err
}

func (h *site) statementOf(w http.ResponseWriter, r *http.Request, me *identity.Session, of identity.Account) error {
	st, err := h.billed(r, me, of)
	if err != nil {
		return err
	}
	page := Statement{
		Base: h.Base(r, "Calls of "+st.Month.Format("January 2006"), ""), Month: st.Month.Format("January 2006"), Total: st.Total.String(),
		Calls: st.Calls, Length: lasted(st.Seconds), Plain: st.Plain, Back: baseOf(me, of),
	}
	if of.ID != me.Account.ID {
		page.Whose = of.Reference
	} else if h.here.settings {
		page.Settings = SettingsPath
	}
	for i, b := range st.Items {
		if i == shownBilled {
			page.More = len(st.Items) - i
			break
		}
		page.Items = append(page.Items, billedView(b))
	}
	if len(st.Items) > 0 {
		page.File = statementPath(page.Back, st.Month) + "/file"
	}
	h.Render(w, r, http.StatusOK, "statement", page)
	return nil
}

func billedView(b telecom.Billed) BilledView {
	v := BilledView{
		When: moment(b.Begun), Stamp: b.Begun.In(policy.London).Format(time.RFC3339), Number: b.Number,
		Class: policy.Capital(policy.ClassWords(b.Class)), Length: lasted(b.Seconds), Cost: b.Cost.String(),
	}
	if v.Number == "" {
		v.Number = "Number not shown"
	}
	return v
}

// lasted says how long calls were.
func lasted(seconds int64) string {
	if seconds < 60 {
		return strconv.FormatInt(seconds, 10) + " sec"
	}
	return strconv.FormatInt(seconds/60, 10) + " min " + strconv.FormatInt(seconds%60, 10) + " sec"
}

// statementFile hands the single calls of a month out as a table.
func (h *site) statementFile(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.statementFileOf(w, r, me, me.Account)
}

// statementFileColleague does the same of an account of the firm that they look
// after.
func (h *site) statementFileColleague(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	of, err := h.limited(r, me)
	if err != nil {
		return err
	}
	return h.statementFileOf(w, r, me, of)
}

func (h *site) statementFileOf(w http.ResponseWriter, r *http.Request, me *identity.Session, of identity.Account) error {
	st, err := h.billed(r, me, of)
	if err == nil && len(st.Items) == 0 {
		err = web.ErrNotFound
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="calls-`+st.Month.Format(monthForm)+`.csv"`)
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	_ = out.Write([]string{"begun", "number", "destination", "seconds", "pence"})
	for _, b := range st.Items {
		_ = out.Write([]string{
			b.Begun.In(policy.London).Format(time.RFC3339), b.Number, policy.ClassWords(b.Class), strconv.FormatInt(b.Seconds, 10),
			strconv.FormatFloat(float64(b.Cost)/float64(telecom.Pence(1)), 'f', -1, 64),
		})
	}
	out.Flush()
	return out.Error()
}

// statementPath is where the statement of a month is.
func statementPath(base string, month time.Time) string {
	return base + "/statement/" + month.Format(monthForm)
}

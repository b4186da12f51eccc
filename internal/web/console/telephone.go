package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// Telephone is how the telephone service is doing at a moment. It says of calls
// when, of what kind and how they sound, and of nobody who.
type Telephone struct {
	Devices map[string]DevicesNow // that are signed in, by how they are reached
	Calls   []CallNow
	Trunks  []TrunkNow
}

// DevicesNow are devices that are reached in one way.
type DevicesNow struct {
	Count          int
	Oldest, Newest time.Time // since when the first and the last of them are signed in
}

// Add counts one more.
func (d DevicesNow) Add(since time.Time) DevicesNow {
	if d.Count == 0 || since.Before(d.Oldest) {
		d.Oldest = since
	}
	if d.Count == 0 || since.After(d.Newest) {
		d.Newest = since
	}
	d.Count++
	return d
}

// CallNow is a call that rings or is connected.
type CallNow struct {
	From, To string // what is at each end: a line, an outside number, an emergency number
	Since    time.Time
	Answered bool
	Sound    string // how it is sent, such as opus; empty before anything was heard
	// Packets of sound that came from each side.
	FromCaller, FromCallee uint64
	Dropped                uint64 // that could not be passed on
}

// TrunkNow is a way to another network.
type TrunkNow struct {
	ID              string
	State           string // in words
	Down            bool
	Emergency       bool
	Calls, Capacity int
	Failure         int // SIP status of the last failure; 0 for none, or silence
}

// TelephoneView is the page "console_telephone".
type TelephoneView struct {
	web.Base
	At     string
	Parts  []Part
	Calls  []CallView
	More   int // calls that are not shown
	Trunks []TrunkView
	Help   bool // emergency calls lead somewhere
}

// CallView is a row of calls.
type CallView struct{ Number, From, To, State, Lasts, Sound, Heard string }

// TrunkView is a row of trunks.
type TrunkView struct {
	ID, State, Calls, Failure string
	Down, Emergency           bool
}

// maxCallsShown is more than anybody reads.
const maxCallsShown = 200

// telephone shows what the telephone service does now.
func (h *site) telephone(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	now := web.VisitOf(r).Now
	t := h.Telephone()
	page := TelephoneView{Base: h.Base(r, "Telephone", ""), At: now.In(policy.London).Format("15:04:05")}
	page.Parts = []Part{devicesPart(t, now)}
	slices.SortFunc(t.Calls, func(a, b CallNow) int { return a.Since.Compare(b.Since) })
	for i, c := range t.Calls {
		if i == maxCallsShown {
			page.More = len(t.Calls) - i
			break
		}
		page.Calls = append(page.Calls, callView(i+1, c, now))
	}
	for _, x := range t.Trunks {
		v := TrunkView{ID: x.ID, State: x.State, Down: x.Down, Emergency: x.Emergency, Calls: number(x.Calls) + " of " + number(x.Capacity)}
		if x.Failure != 0 {
			v.Failure = strconv.Itoa(x.Failure)
		}
		page.Help = page.Help || !x.Down
		page.Trunks = append(page.Trunks, v)
	}
	h.Render(w, r, http.StatusOK, "console_telephone", page)
	return nil
}

// devicesPart tells of the devices, and for how long they are signed in: many that
// came back in the same minute had lost their way.
func devicesPart(t Telephone, now time.Time) Part {
	ago := func(since time.Time) string { return now.Sub(since).Truncate(time.Second).String() }
	p := Part{Title: "Devices that are signed in", Words: "Calls ring on them."}
	var over []string
	for how := range t.Devices {
		over = append(over, how)
	}
	slices.Sort(over)
	for _, how := range over {
		d := t.Devices[how]
		p.Facts = append(p.Facts, Fact{how, number(d.Count) + ", the first for " + ago(d.Oldest) + ", the last for " + ago(d.Newest)})
	}
	if len(over) == 0 {
		p.Facts = []Fact{{"Devices", "none"}}
	}
	return p
}

func callView(n int, c CallNow, now time.Time) CallView {
	v := CallView{Number: strconv.Itoa(n), From: c.From, To: c.To, State: "Ringing", Lasts: now.Sub(c.Since).Truncate(time.Second).String(), Sound: c.Sound}
	if c.Answered {
		v.State = "Connected"
		v.Heard = strconv.FormatUint(c.FromCaller, 10) + " and " + strconv.FormatUint(c.FromCallee, 10)
		if c.Dropped > 0 {
			v.Heard += ", " + strconv.FormatUint(c.Dropped, 10) + " dropped"
		}
	}
	return v
}

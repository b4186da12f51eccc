package console

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// openShown is how many entries are listed.
const openShown = 30

// evidencePage shows how the log is, and what in it is open for everyone.
func (h *site) evidencePage(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	status, err := h.Evidence.Status(r.Context())
	if err != nil {
		return err
	}
	entries, err := h.Evidence.Open(r.Context(), openShown)
	if err != nil {
		return err
	}
	page := Evidence{
		Base: h.Base(r, "Evidence", ""), Healthy: status.Err == nil, Health: "The log takes entries, and signs them.",
		Key: h.Evidence.VerifierKey(), Checkpoint: string(h.Evidence.Checkpoint()), Facts: logFacts(status),
	}
	if status.Err != nil {
		page.Health = "The log has stopped for good, and somebody must look: " + status.Err.Error()
	}
	for _, e := range entries {
		page.Entries = append(page.Entries, entryView(web.VisitOf(r).Policy(), e))
	}
	if me.Account.Role == identity.Officer {
		if page.Searches, err = h.searches(r); err != nil {
			return err
		}
	}
	if h.may(oversees, me) {
		page.Verify = "/evidence/verify"
		running, last := h.verifier.state()
		page.Running, page.Checked = running, checkedView(last)
	}
	h.Render(w, r, http.StatusOK, "console_evidence", page)
	return nil
}

// searches shows the officer who looks for people and finds nobody.
func (h *site) searches(r *http.Request) (*Searches, error) {
	entries, total, err := h.Evidence.Searches(r.Context(), openShown)
	if err != nil {
		return nil, err
	}
	p := web.VisitOf(r).Policy()
	s := &Searches{Total: number(total)}
	for _, e := range entries {
		b := e.Body
		v := SearchView{At: b.At.In(policy.London).Format(minutes), Who: b.Actor, Why: "no purpose that is declared", By: "E-mail address", Refused: b.Kind == evidence.SearchRefused}
		if a, ok := p.ActorByID(b.Actor); ok {
			v.Who = a.Title
		}
		if b.Purpose != "" {
			v.Why = purposeTitle(p, b.Purpose)
		}
		switch {
		case b.Category != "":
			v.By = categoryTitle(p, b.Category)
		case b.Code == byReference:
			v.By = "Reference of an account"
		}
		s.Last = append(s.Last, v)
	}
	return s, nil
}

func logFacts(s evidence.Status) []Fact {
	facts := []Fact{{"Entries under the signed checkpoint", number(s.Signed)}}
	if !s.SignedAt.IsZero() {
		facts = append(facts, Fact{"Signed", s.SignedAt.In(policy.London).Format(minutes)})
	}
	return append(facts, Fact{"Entries that wait for it", number(s.Waiting)}, Fact{"Failures since the start, each tried again", number(s.Failures)})
}

// number writes a count with its thousands apart.
func number[N uint64 | int64 | int](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// entryView names an entry by its codes.
func entryView(p *policy.Policy, e evidence.OpenEntry) EntryView {
	b := e.Body
	v := EntryView{Number: strconv.FormatUint(e.Seq, 10), At: b.At.In(policy.London).Format(minutes), Kind: string(b.Kind)}
	var words []string
	add := func(text string) {
		if text != "" {
			words = append(words, text)
		}
	}
	if b.Kind == evidence.PolicyPublished {
		add("version " + strconv.Itoa(b.Policy))
	}
	add(b.Code)
	if b.Surface != "" {
		add(surfaceTitle(p, b.Surface))
	}
	if b.Purpose != "" {
		add(purposeTitle(p, b.Purpose))
	}
	if b.Category != "" {
		add(categoryTitle(p, b.Category))
	}
	if b.Count > 0 {
		add(number(b.Count) + " in all")
	}
	v.What = strings.Join(words, ", ")
	return v
}

// evidenceVerify begins a check of the whole log beside the requests.
func (h *site) evidenceVerify(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	h.verifier.start(h.Go, h.Verify, h.Now)
	http.Redirect(w, r, "/evidence#check", http.StatusSeeOther)
	return nil
}

// maxLines bounds what is shown of a report.
const maxLines = 100

// checkedView says how a check ended; nil before the first.
func checkedView(v verified) *Checked {
	if v.ended.IsZero() {
		return nil
	}
	c := &Checked{Began: v.began.In(policy.London).Format(minutes), Ended: v.ended.In(policy.London).Format(minutes)}
	switch {
	case v.err != nil:
		c.Words = "The check could not be done: " + v.err.Error()
		return c
	case v.report.Holds():
		c.Holds, c.Words = true, "The evidence holds: nothing was changed, taken out or put in."
	default:
		c.Words = "The evidence does not hold. What was changed is named below; keep the data folder as it is, and tell the officer."
	}
	var b bytes.Buffer
	if err := v.report.Write(&b); err != nil {
		return c // memory takes it
	}
	c.Lines = strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(c.Lines) > maxLines {
		c.Lines = append(c.Lines[:maxLines], fmt.Sprintf("and %d lines more; `candour verify` prints them all", len(c.Lines)-maxLines))
	}
	return c
}

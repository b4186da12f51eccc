package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// declared is a policy with one of each kind of retention.
func declared() *policy.Policy {
	use := func(b policy.Basis, retention string, categories ...string) policy.Use {
		return policy.Use{Categories: categories, Basis: b, Retention: retention}
	}
	purposes := []string{"enquiry", "newsletter", "offers", "account", "tax", "statistics", "calls", "location"}
	cat := func(id, format string, lookup bool) policy.Category {
		return policy.Category{ID: id, Format: format, Lookup: lookup, Surfaces: []string{"website", "portal"}, Required: optional[id]}
	}
	return &policy.Policy{
		Version:  3,
		Surfaces: []policy.Surface{{ID: "website"}, {ID: "portal"}, {ID: "console"}},
		Actors: []policy.Actor{
			{ID: "system", Purposes: purposes}, {ID: "person", Purposes: purposes}, {ID: "support", Purposes: []string{"enquiry"}},
			{ID: "clerk", Kind: "staff", Purposes: purposes}, {ID: "reseller", Kind: "partner", Purposes: purposes},
		},
		Categories: []policy.Category{
			cat("contact.email", "email", true), cat("contact.telephone", "telephone", true), cat("contact.name", "text", false),
			cat("enquiry.message", "text", false), cat("bill", "text", false), cat("visit", "text", false), cat("call.record", "telephone", true),
			cat("location", "text", false), {ID: "passing", NotHeld: true, Surfaces: []string{"website"}},
		},
		Purposes: []policy.Purpose{
			{ID: "enquiry", Uses: []policy.Use{use(policy.LegitimateInterest, "enquiry", "contact.email", "contact.name", "contact.telephone", "enquiry.message", "passing")}},
			{ID: "newsletter", Uses: []policy.Use{use(policy.Consent, "consent", "contact.email")}},
			{ID: "offers", Uses: []policy.Use{use(policy.Consent, "consent", "contact.email")}},
			{ID: "account", Uses: []policy.Use{use(policy.Contract, "contract", "contact.email", "contact.name", "bill")}},
			{ID: "tax", Uses: []policy.Use{use(policy.LegalObligation, "six-years", "bill")}},
			{ID: "statistics", Uses: []policy.Use{use(policy.LegitimateInterest, "month", "visit")}},
			{ID: "calls", Uses: []policy.Use{use(policy.Contract, "year", "call.record")}},
			{ID: "location", Uses: []policy.Use{use(policy.Consent, "hour", "location")}},
		},
		Retention: []policy.Retention{
			{ID: "enquiry", Event: "enquiry.closed", Period: policy.Period{Years: 2}, Limit: policy.Period{Years: 5}, Then: "erase"},
			{ID: "consent", Event: "consent.withdrawn", Then: "erase"},
			{ID: "contract", Event: "contract.ended", Period: policy.Period{Months: 6}, Then: "erase"},
			{ID: "six-years", Event: "collected", Period: policy.Period{Years: 6}, Then: "erase"},
			{ID: "month", Event: "collected", Period: policy.Period{Months: 1}, Then: "anonymise"},
			{ID: "year", Event: "collected", Period: policy.Period{Years: 1}, Then: "erase"},
			{ID: "hour", Event: "collected", Period: policy.Period{Hours: 1}, Then: "erase"},
		},
	}
}

// optional are the categories that a person may leave out.
var optional = map[string]string{
	"contact.telephone": "optional", "enquiry.message": "optional", "bill": "optional", "call.record": "optional", "location": "optional",
}

// clock is the time of a test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// house is a vault with everything under it.
type house struct {
	t    testing.TB
	st   *store.Store
	ring *keys.Ring
	log  *evidence.Log
	v    *vault.Vault
	*clock
	keyDir, logDir string
}

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func newHouse(t testing.TB, st *store.Store) *house {
	return newHouseIn(t, st, t.TempDir(), t.TempDir())
}

func newHouseIn(t testing.TB, st *store.Store, keyDir, logDir string) *house {
	t.Helper()
	h := &house{t: t, st: st, clock: &clock{t: start}, keyDir: keyDir, logDir: logDir}
	var err error
	if h.ring, err = keys.Open(ctx, st, keyDir); err != nil {
		t.Fatal(err)
	}
	if h.log, err = evidence.Open(ctx, st, h.ring, logDir, evidence.Options{Origin: "test.example/evidence", Now: h.now}); err != nil {
		t.Fatal(err)
	}
	compiled := policy.Compile(declared())
	h.v = vault.New(st, h.ring, h.log, func() *policy.Compiled { return compiled }, h.now)
	t.Cleanup(h.close)
	return h
}

func (h *house) close() {
	if h.log == nil {
		return
	}
	if err := h.log.Close(ctx); err != nil {
		h.t.Errorf("closing the log: %v", err)
	}
	h.log = nil
	h.ring.Close()
}

func (h *house) update(fn func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.st.Update(ctx, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) person() (s keys.SubjectID) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		s, err = h.v.NewSubject(ctx, tx)
		return err
	})
	return s
}

var site = vault.Access{Actor: "system", Purpose: "enquiry", Surface: "website"}

func on(purpose string) vault.Access {
	return vault.Access{Actor: "system", Purpose: purpose, Surface: "website"}
}

func item(s keys.SubjectID, category, value string, purposes ...string) vault.Item {
	return vault.Item{Category: category, Purposes: purposes, Parts: []vault.Part{{Owner: s, Value: []byte(value)}}}
}

func (h *house) put(a vault.Access, items ...vault.Item) (ids []vault.RecordID) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		ids, err = h.v.Put(ctx, tx, a, items...)
		return err
	})
	return ids
}

func (h *house) tryPut(a vault.Access, items ...vault.Item) error {
	return h.st.Update(ctx, func(tx *store.Tx) error {
		_, err := h.v.Put(ctx, tx, a, items...)
		return err
	})
}

func (h *house) consent(s keys.SubjectID, purpose string, stands bool) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error { return h.v.SetConsent(ctx, tx, s, purpose, stands) })
}

// read returns the value of a record, or the error as a word.
func (h *house) read(a vault.Access, id vault.RecordID) string {
	h.t.Helper()
	var rec vault.Record
	err := h.st.View(ctx, func(tx *store.Tx) (err error) {
		rec, err = h.v.Read(ctx, tx, a, id)
		return err
	})
	if err != nil {
		return word(err)
	}
	return string(rec.Value())
}

func word(err error) string {
	for w, e := range map[string]error{
		"undeclared": vault.ErrUndeclared, "purpose": vault.ErrPurpose, "restricted": vault.ErrRestricted, "no consent": vault.ErrNoConsent,
		"mandatory": vault.ErrMandatory, "kept": vault.ErrKept,
		"objected": vault.ErrObjected, "shut out": vault.ErrShutOut, "not found": vault.ErrNotFound, "input": vault.ErrInput,
	} {
		if errors.Is(err, e) {
			return w
		}
	}
	return err.Error()
}

func (h *house) want(what, got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func (h *house) find(category, value string) (found []keys.SubjectID) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		found, err = h.v.Find(ctx, tx, site, category, value)
		return err
	})
	return found
}

// export returns all values exported of a person, sorted.
func (h *house) export(s keys.SubjectID) []string {
	h.t.Helper()
	var got []string
	err := h.v.Export(ctx, on("account"), s, func(r vault.Record) error {
		for _, p := range r.Parts {
			got = append(got, string(p.Value))
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func (h *house) check() {
	h.t.Helper()
	if err := h.v.Check(ctx); err != nil {
		h.t.Error(err)
	}
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		fn(h)
		h.check()
	})
}

// The write door (R7, R13): what the policy does not declare is refused whole,
// and counted as evidence.
func TestPutAsksThePolicy(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		objector := h.person()
		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, objector, "enquiry", true) })
		good := item(s, "enquiry.message", "hello", "enquiry")
		for _, c := range []struct {
			name string
			a    vault.Access
			item vault.Item
			want string
		}{
			{"unknown category", site, item(s, "shoe.size", "x"), "undeclared"},
			{"unknown purpose", on("fun"), item(s, "enquiry.message", "x"), "undeclared"},
			{"category not used by the purpose", on("newsletter"), item(s, "enquiry.message", "x"), "undeclared"},
			{"one of two purposes not declared", site, item(s, "contact.email", "x", "enquiry", "tax"), "undeclared"},
			{"surface that may not collect", vault.Access{Actor: "system", Purpose: "enquiry", Surface: "console"}, good, "undeclared"},
			{"unknown surface", vault.Access{Actor: "system", Purpose: "enquiry", Surface: "fax"}, good, "undeclared"},
			{"never stored", site, item(s, "passing", "x"), "undeclared"},
			{"no consent", on("newsletter"), item(s, "contact.email", "x"), "no consent"},
			{"objected", site, item(objector, "enquiry.message", "x"), "objected"},
			{"nobody", site, item(keys.NewSubjectID(), "enquiry.message", "x"), "not found"},
			{"no part", site, vault.Item{Category: "enquiry.message"}, "input"},
			{"no owner", site, vault.Item{Category: "enquiry.message", Parts: []vault.Part{{Owner: s, Kind: vault.Party}}}, "input"},
			{"too long", site, item(s, "enquiry.message", strings.Repeat("x", vault.MaxValue+1)), "input"},
		} {
			h.want(c.name, word(h.tryPut(c.a, good, c.item)), c.want)
		}
		if got := h.export(s); len(got) != 0 {
			h.t.Errorf("a refused Put left %d records", len(got))
		}
		before := h.log.Size()
		if err := h.v.Flush(ctx); err != nil {
			h.t.Fatal(err)
		}
		var n int
		if err := h.st.DB().QueryRow("SELECT COUNT(*) FROM evidence").Scan(&n); err != nil || n <= int(before) {
			h.t.Errorf("refusals left no evidence: %d entries, %v", n, err)
		}
	})
}

// refused is what the doors say in the metrics, all of it that is not zero.
func (h *house) refused() string {
	h.t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(h.v)
	families, err := r.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetValue())
			}
			if n := m.GetCounter().GetValue(); n > 0 {
				all = append(all, fmt.Sprintf("%s=%v", strings.Join(labels, "@"), n))
			}
		}
	}
	return strings.Join(all, " ")
}

// Refusals are in the metrics by door and verdict, and with no id that a caller
// passed, declared or not (R9).
func TestRefusalsAreCounted(t *testing.T) {
	h := newHouse(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s := h.person()
	h.want("at first", h.refused(), "")
	_ = h.tryPut(on("planted-7f3a"), item(s, "planted-7f3a", "planted-7f3a"))
	_ = h.tryPut(on("newsletter"), item(s, "contact.email", "x"))
	message := h.put(site, item(s, "enquiry.message", "hello"))[0]
	h.read(vault.Access{Actor: "planted-7f3a", Purpose: "enquiry"}, message)
	h.read(vault.Access{Actor: "planted-7f3a", Purpose: "enquiry"}, message)
	h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, s) })
	h.read(site, message)
	const want = "no-consent@vault-write=1 restricted@vault-read=1 undeclared@vault-write=1 wrong-actor@vault-read=2"
	h.want("then", h.refused(), want)
	if err := h.v.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	h.want("after it was written down", h.refused(), want)
}

// The read door (R13, L9, L11).
func TestReadAsksThePolicy(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.consent(s, "newsletter", true)
		message := h.put(site, item(s, "enquiry.message", "hello"))[0]
		email := h.put(site, item(s, "contact.email", "a@b.example", "enquiry", "newsletter"))[0]
		desk := vault.Access{Actor: "support", Purpose: "enquiry", Surface: "console"}
		h.want("system", h.read(site, message), "hello")
		h.want("support", h.read(desk, message), "hello")
		h.want("actor not for this purpose", h.read(vault.Access{Actor: "support", Purpose: "newsletter"}, email), "purpose")
		h.want("unknown actor", h.read(vault.Access{Actor: "cat", Purpose: "enquiry"}, message), "purpose")
		h.want("not collected for it", h.read(on("account"), email), "purpose")
		h.want("no such record", h.read(site, message+1), "not found")
		h.want("each purpose its copy", h.read(on("newsletter"), email), "a@b.example")
		h.want("each purpose its copy", h.read(site, email), "a@b.example")

		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, s) })
		h.want("restricted", h.read(site, message), "restricted")
		h.want("restricted, but on consent", h.read(on("newsletter"), email), "a@b.example")
		h.update(func(tx *store.Tx) error { return h.v.Lift(ctx, tx, site, s) })
		h.want("lifted", h.read(site, message), "hello")

		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, s, "enquiry", true) })
		h.want("objected", h.read(desk, message), "objected")
		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, s, "enquiry", false) })
		h.want("objection taken back", h.read(desk, message), "hello")

		h.consent(s, "newsletter", false)
		h.want("withdrawn", h.read(on("newsletter"), email), "no consent")
		h.want("the other purpose goes on", h.read(site, email), "a@b.example")
		h.update(func(tx *store.Tx) error {
			_, err := h.v.Look(ctx, tx, desk, message)
			return err
		})
	})
}

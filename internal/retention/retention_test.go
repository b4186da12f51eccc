package retention_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/retention"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

func TestMain(m *testing.M) {
	// Each story spans ten years and needs a database: a few in make test, more
	// by -rapid.checks.
	if err := flag.Set("rapid.checks", "5"); err != nil {
		panic(err)
	}
	os.Exit(storetest.Main(m))
}

var ctx = context.Background()

const day = 24 * time.Hour

// promise is what the policy of these tests says of one purpose. The oracle
// works from this table alone.
type promise struct {
	purpose string
	basis   policy.Basis
	event   string
	years   int
	months  int
	days    int
	hours   int
	limit   int // years
	then    string
}

var promises = []promise{
	{"visit", policy.LegitimateInterest, "collected", 0, 0, 28, 0, 0, "anonymise"},
	{"month", policy.LegitimateInterest, "collected", 0, 1, 0, 0, 0, "erase"},
	{"hour", policy.Contract, "collected", 0, 0, 0, 1, 0, "erase"},
	{"bill", policy.LegalObligation, "collected", 6, 0, 0, 0, 0, "erase"},
	{"enquiry", policy.LegitimateInterest, "enquiry.closed", 2, 0, 0, 0, 0, "erase"},
	{"account", policy.Contract, "contract.ended", 0, 6, 0, 0, 8, "erase"},
	{"news", policy.Consent, "consent.withdrawn", 0, 0, 0, 0, 0, "erase"},
	{"proof", policy.Consent, "consent.withdrawn", 1, 0, 0, 0, 0, "erase"},
	{"trial", policy.Consent, "collected", 3, 0, 0, 0, 0, "erase"},
}

func (p promise) period() policy.Period {
	return policy.Period{Years: p.years, Months: p.months, Days: p.days, Hours: p.hours}
}

func declared() *policy.Policy {
	p := &policy.Policy{
		Version: 1, Surfaces: []policy.Surface{{ID: "website"}}, Actors: []policy.Actor{{ID: "system"}},
		Categories: []policy.Category{{ID: "thing", Surfaces: []string{"website"}, Format: "text", Lookup: true}},
	}
	for _, q := range promises {
		p.Actors[0].Purposes = append(p.Actors[0].Purposes, q.purpose)
		p.Purposes = append(p.Purposes, policy.Purpose{ID: q.purpose, Uses: []policy.Use{{Categories: []string{"thing"}, Basis: q.basis, Retention: q.purpose}}})
		p.Retention = append(p.Retention, policy.Retention{ID: q.purpose, Event: q.event, Period: q.period(), Limit: policy.Period{Years: q.limit}, Then: q.then})
	}
	return p
}

// held is what the oracle knows of one record for one purpose.
type held struct {
	person, matter int
	promise
	value  string
	end    time.Time // zero while nothing has ended it
	atOnce bool      // by an act, not by the sweep
}

// shorten brings the end of h forward to t.
func (h *held) shorten(t time.Time) {
	if h.end.IsZero() || t.Before(h.end) {
		h.end = t
	}
}

// shortenBy is shorten by an act, which erases at once what is over with it.
func (h *held) shortenBy(now, t time.Time) {
	h.shorten(t)
	h.atOnce = h.atOnce || !h.end.After(now)
}

// story is a vault beside its oracle.
type story struct {
	t      testing.TB
	st     *store.Store
	v      *vault.Vault
	keeper *retention.Keeper
	now    time.Time
	people []keys.SubjectID
	held   []*held
	count  int
}

func newStory(t testing.TB, st *store.Store, dir string) (*story, func()) {
	s := &story{t: t, st: st, now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	ring, err := keys.Open(ctx, st, dir+"/keys")
	if err != nil {
		t.Fatal(err)
	}
	log, err := evidence.Open(ctx, st, ring, dir+"/log", evidence.Options{Origin: "test.example/evidence", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	c := policy.Compile(declared())
	s.v = vault.New(st, ring, log, func() *policy.Compiled { return c }, clock)
	s.keeper = retention.New(s.v, clock, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for range 4 {
		s.join()
	}
	return s, func() {
		ring.Close()
		if err := log.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}

func (s *story) update(fn func(tx *store.Tx) error) {
	if err := s.st.Update(ctx, fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) join() {
	s.update(func(tx *store.Tx) error {
		p, err := s.v.NewSubject(ctx, tx)
		s.people = append(s.people, p)
		return err
	})
}

func access(purpose string) vault.Access {
	return vault.Access{Actor: "system", Purpose: purpose, Surface: "website"}
}

// collect writes one record for the purposes.
func (s *story) collect(person, matter int, of ...promise) {
	s.count++
	value := fmt.Sprintf("value %d", s.count)
	var purposes []string
	s.update(func(tx *store.Tx) error {
		if _, err := s.v.Standing(ctx, tx, s.people[person]); errors.Is(err, vault.ErrNotFound) {
			// Nothing was left of them: the same person comes anew.
			if s.people[person], err = s.v.NewSubject(ctx, tx); err != nil {
				return err
			}
		}
		for _, p := range of {
			purposes = append(purposes, p.purpose)
			if p.basis == policy.Consent {
				if err := s.v.SetConsent(ctx, tx, s.people[person], p.purpose, true); err != nil {
					return err
				}
			}
		}
		_, err := s.v.Put(ctx, tx, access(of[0].purpose), vault.Item{
			Category: "thing", Purposes: purposes, Matter: int64(matter), Parts: []vault.Part{{Owner: s.people[person], Value: []byte(value)}},
		})
		return err
	})
	for _, p := range of {
		h := &held{person: person, matter: matter, promise: p, value: value}
		if p.event == "collected" {
			h.shorten(p.period().From(s.now))
		} else if p.limit > 0 {
			h.shorten(policy.Period{Years: p.limit}.From(s.now))
		}
		s.held = append(s.held, h)
	}
}

// alive reports whether h may still be there: the sweep comes at the beginning
// of each day, so what ends during a day is gone at the end of it.
func (s *story) alive(h *held) bool {
	return !h.atOnce && (h.end.IsZero() || h.end.After(s.now.Truncate(day)))
}

// fall has an event fall in one matter of a person.
func (s *story) fall(person, matter int, event string) {
	err := s.st.Update(ctx, func(tx *store.Tx) error {
		return s.v.EventFor(ctx, tx, s.people[person], event, int64(matter), s.now)
	})
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		s.t.Fatal(err)
	}
	s.note(event, func(h *held) bool {
		return h.person == person && h.matter == matter && h.event == event && s.alive(h) && !h.fell()
	})
}

// fell reports whether an event has given h its end: what has one keeps it.
func (h *held) fell() bool { return h.matter < 0 }

// note ends what an event ends. A record whose event fell is marked by its
// matter, so that a later event of the same kind does not touch it.
func (s *story) note(event string, of func(*held) bool) {
	for _, h := range s.held {
		if of(h) {
			h.shortenBy(s.now, h.period().From(s.now))
			h.matter = -1 - h.matter
		}
	}
}

// withdraw ends a consent.
func (s *story) withdraw(person int, p promise) {
	err := s.st.Update(ctx, func(tx *store.Tx) error { return s.v.SetConsent(ctx, tx, s.people[person], p.purpose, false) })
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		s.t.Fatal(err)
	}
	for _, h := range s.held {
		if h.person != person || h.purpose != p.purpose || !s.alive(h) {
			continue
		}
		if h.event == "consent.withdrawn" {
			h.shortenBy(s.now, p.period().From(s.now))
		} else {
			h.shortenBy(s.now, s.now)
		}
	}
}

// day comes: what the oracle says is over must go with it, and nothing else.
func (s *story) day(at time.Time) {
	s.now = at
	if _, err := s.keeper.Once(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.held = slices.DeleteFunc(s.held, func(h *held) bool { return !s.alive(h) })
	s.compare()
}

// compare asks that each person's records are those of the oracle, and that
// the store holds no row, tag or key beyond them.
func (s *story) compare() {
	rows := 0
	for person, id := range s.people {
		want, got := map[string]bool{}, map[string]bool{}
		for _, h := range s.held {
			if h.person == person {
				want[h.value] = true
				rows++
			}
		}
		err := s.st.View(ctx, func(tx *store.Tx) error {
			return s.v.Walk(ctx, tx, id, func(r vault.Record) error {
				got[string(r.Value())] = true
				return nil
			})
		})
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			s.t.Fatal(err)
		}
		for v := range want {
			if !got[v] {
				s.t.Fatalf("on %s: %s of person %d went early", s.now.Format(time.DateOnly), v, person)
			}
		}
		for v := range got {
			if !want[v] {
				s.t.Fatalf("on %s: %s of person %d was kept past its time", s.now.Format(time.DateOnly), v, person)
			}
		}
	}
	var have int
	if err := s.st.DB().QueryRow("SELECT COUNT(*) FROM records").Scan(&have); err != nil || have != rows {
		s.t.Fatalf("on %s: %d rows in the store, the oracle has %d; %v", s.now.Format(time.DateOnly), have, rows, err)
	}
}

// next is the first day after now on which the oracle has something end.
func (s *story) next() (time.Time, bool) {
	var first time.Time
	for _, h := range s.held {
		if !h.end.IsZero() && (first.IsZero() || h.end.Before(first)) {
			first = h.end
		}
	}
	if first.IsZero() {
		return first, false
	}
	return first.Add(day - time.Nanosecond).Truncate(day), true
}

// The oracle of R12: whatever happens over ten years, nothing is kept a day
// past its time and nothing goes early. Days on which neither acts nor the
// oracle have anything to say are not swept here; TestEveryDayOfTenYears does.
func TestTenYearsAgainstTheOracle(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				dir, err := os.MkdirTemp(t.TempDir(), "story")
				if err != nil {
					t.Fatal(err)
				}
				st, err := store.Open(ctx, storetest.Migrated(t, engine))
				if err != nil {
					t.Fatal(err)
				}
				defer st.Close()
				s, done := newStory(t, st, dir)
				defer done()
				tell(rt, s)
			})
		})
	}
}

func tell(rt *rapid.T, s *story) {
	end := s.now.AddDate(10, 0, 0)
	for s.now.Before(end) {
		act(rt, s)
		target := s.now.AddDate(0, 0, rapid.IntRange(0, 200).Draw(rt, "days")).Truncate(day)
		for {
			due, ok := s.next()
			if !ok || due.After(target) {
				break
			}
			if eve := due.Add(-day); eve.After(s.now) {
				s.day(eve) // nothing goes the day before
			}
			s.day(due) // all of it is gone on the day
		}
		s.day(target.Add(time.Duration(rapid.IntRange(0, 86399).Draw(rt, "seconds")) * time.Second))
	}
	if err := s.v.Check(ctx); err != nil {
		s.t.Fatal(err)
	}
}

func act(rt *rapid.T, s *story) {
	person := rapid.IntRange(0, len(s.people)-1).Draw(rt, "person")
	matter := rapid.IntRange(1, 2).Draw(rt, "matter")
	for range rapid.IntRange(1, 5).Draw(rt, "acts") {
		switch rapid.IntRange(0, 5).Draw(rt, "act") {
		case 0, 1:
			s.collect(person, matter, rapid.SampledFrom(promises).Draw(rt, "promise"))
		case 2:
			two := rapid.Permutation(promises).Draw(rt, "promises")[:2]
			s.collect(person, matter, two...)
		case 3:
			s.fall(person, matter, rapid.SampledFrom([]string{"enquiry.closed", "contract.ended"}).Draw(rt, "event"))
		case 4:
			s.withdraw(person, rapid.SampledFrom(promises[6:]).Draw(rt, "consent"))
		case 5:
			s.join()
		}
	}
}

// Every single day of ten years is swept, with something of each kind on the
// way.
func TestEveryDayOfTenYears(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, done := newStory(t, st, t.TempDir())
		defer done()
		for n := range 10*365 + 3 {
			if n%40 == 0 {
				p := promises[n/40%len(promises)]
				s.collect(n/40%4, 1, p)
			}
			if n%300 == 299 {
				s.fall(n/300%4, 1, "enquiry.closed")
				s.withdraw(n/300%4, promises[6+n/300%3])
			}
			s.day(s.now.Add(day))
		}
		if err := s.v.Check(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// A beat that fails is made up for by the next.
func TestRunEndsWithItsContextAndSweepsOnTicks(t *testing.T) {
	st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	s, done := newStory(t, st, t.TempDir())
	defer done()
	s.collect(0, 1, promises[0])
	s.now = s.now.AddDate(0, 2, 0)
	s.held = nil
	run, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	ticks := make(chan time.Time)
	go func() {
		s.keeper.Run(run, ticks)
		close(ended)
	}()
	ticks <- s.now // taken only after the first beat is done
	s.compare()
	cancel()
	<-ended
}

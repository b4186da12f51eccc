package consent_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"candour/internal/consent"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/operators"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// bench is a desk with a clock that the test moves.
type bench struct {
	desk     *consent.Desk
	log      *evidence.Log
	st       *store.Store
	now      time.Time
	versions map[int]*policy.Policy
	p        *policy.Policy
}

func setUp(t *testing.T, st *store.Store) *bench {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	ring, err := keys.Open(ctx, st, filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{st: st, now: time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC)}
	clock := func() time.Time { return b.now }
	b.log, err = evidence.Open(ctx, st, ring, filepath.Join(dir, "log"), evidence.Options{Origin: "test.example/evidence", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.log.Close(ctx); err != nil {
			t.Error(err)
		}
		ring.Close()
	})
	b.p = invoco(t, 1)
	b.versions = map[int]*policy.Policy{1: b.p}
	b.desk = consent.New(st, b.log, ring.Secret("consent test"), func(n int) *policy.Policy { return b.versions[n] }, clock)
	return b
}

// invoco loads the built-in policy, changed by edits of its text.
func invoco(t *testing.T, version int, edits ...string) *policy.Policy {
	t.Helper()
	fsys, _ := operators.FS("invoco")
	text, err := fs.ReadFile(fsys, "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := strings.Replace(string(text), "version: 1\n", "version: "+string(rune('0'+version))+"\n", 1)
	for i := 0; i < len(edits); i += 2 {
		after := strings.Replace(s, edits[i], edits[i+1], 1)
		if after == s {
			t.Fatal("an edit changed nothing")
		}
		s = after
	}
	p, faults := policy.Load(fstest.MapFS{"policy.yaml": {Data: []byte(s)}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p.Policy
}

func (b *bench) decide(t *testing.T, s consent.State, choices map[string]bool) string {
	t.Helper()
	v, err := b.desk.Decide(context.Background(), consent.Request{Surface: "website", Choices: choices, Wording: [32]byte{1}, State: s})
	if err != nil {
		t.Fatal(err)
	}
	_, value, ok := b.desk.Cookie(b.p, "website", v)
	if !ok {
		t.Fatal("no consent cookie is declared")
	}
	return value
}

func (b *bench) read(value string) consent.State {
	return b.desk.Read(b.p, "website", []string{value}, false)
}

var (
	all  = map[string]bool{"analytics": true, "trusted-traffic": true, "statistics": true}
	none = map[string]bool{"analytics": false, "trusted-traffic": false, "statistics": false}
)

func TestChoicesTakeEffect(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setUp(t, st)
		first := b.desk.Read(b.p, "website", nil, false)
		if !first.Ask() || first.Allows("analytics") || !first.Allows("necessary") || !first.Counted() || first.Widened() || first.Allows("undeclared") {
			t.Error("a first visit (L22, L35, R25)")
		}
		if b.desk.Read(b.p, "portal", nil, false).Ask() {
			t.Error("asked on a surface that declares nothing optional")
		}
		refused := b.read(b.decide(t, first, none))
		if refused.Ask() || refused.Allows("analytics") || refused.Counted() || refused.Widened() {
			t.Error("a refusal (L23)")
		}
		accepted := b.read(b.decide(t, first, all))
		if accepted.Ask() || !accepted.Allows("analytics") || !accepted.Counted() || !accepted.Widened() {
			t.Error("an acceptance")
		}
		withdrawn := b.read(b.decide(t, accepted, map[string]bool{"analytics": false}))
		if withdrawn.Allows("analytics") || !withdrawn.Allows("trusted-traffic") {
			t.Error("a withdrawal of one group (R16)")
		}
		objected := b.read(b.decide(t, first, map[string]bool{"statistics": false}))
		if objected.Counted() || !objected.Ask() {
			t.Error("an objection to statistics is no answer to the other questions (R26)")
		}
	})
}

// A refusal makes nobody identifiable: two browsers carry the same cookie,
// and no row's id.
func TestARefusalIsNobodys(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	first := b.desk.Read(b.p, "website", nil, false)
	one := b.decide(t, first, none)
	b.now = b.now.Add(time.Hour)
	if two := b.decide(t, first, none); one != two {
		t.Errorf("two refusals differ: %s, %s", one, two)
	}
	if one, two := b.decide(t, first, all), b.decide(t, first, all); one == two {
		t.Error("two acceptances are the same: neither can be shown (L16)")
	}
}

// L16, L46: when, what was shown, what was chosen; in the row and in the log.
func TestADecisionIsEvidenced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setUp(t, st)
		ctx := context.Background()
		gpc := b.desk.Read(b.p, "website", nil, true)
		v, err := b.desk.Decide(ctx, consent.Request{Surface: "website", Choices: all, Wording: [32]byte{7}, State: gpc})
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.desk.Get(ctx, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !r.At.Equal(b.now) || r.Policy != 1 || r.Wording[0] != 7 || r.Surface != "website" || !r.GPC || r.Choices != "statistics=yes analytics=yes trusted-traffic=yes" || !r.Ended.IsZero() {
			t.Errorf("%+v", r)
		}
		if _, err := b.desk.Get(ctx, v.ID-2); !errors.Is(err, consent.ErrNotFound) {
			t.Error(err)
		}
		if err := st.View(ctx, func(tx *store.Tx) error {
			var n int
			err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM evidence").Scan(&n)
			if n < 2 {
				t.Errorf("%d entries; the decision has none", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// L46: the signal is a no, except to what was accepted while it was sent.
func TestGlobalPrivacyControl(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	first := b.desk.Read(b.p, "website", nil, true)
	if first.Ask() || first.Counted() || first.Allows("analytics") || !first.Allows("necessary") || !first.GPC() {
		t.Error("the signal alone")
	}
	before := b.decide(t, b.desk.Read(b.p, "website", nil, false), all)
	if s := b.desk.Read(b.p, "website", []string{before}, true); s.Allows("analytics") || s.Counted() {
		t.Error("the signal came after the acceptance and was not heard")
	}
	objected := b.decide(t, b.desk.Read(b.p, "website", []string{before}, true), map[string]bool{"statistics": false})
	if s := b.desk.Read(b.p, "website", []string{objected}, true); s.Allows("analytics") || s.Allows("trusted-traffic") || s.Counted() {
		t.Error("an objection under the signal brought back what was accepted before it")
	}
	under := b.decide(t, first, map[string]bool{"analytics": true})
	if s := b.desk.Read(b.p, "website", []string{under}, true); !s.Allows("analytics") || s.Allows("trusted-traffic") || s.Counted() {
		t.Error("accepted under the signal")
	}
	b.p.Settings.GlobalPrivacyControl = false
	if s := b.desk.Read(b.p, "website", nil, true); s.GPC() || !s.Ask() {
		t.Error("the setting is off")
	}
}

// L23, R26: an objection makes no older consent younger, and outlives it.
func TestAnObjectionRenewsNothing(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	accepted := b.decide(t, b.desk.Read(b.p, "website", nil, false), all)
	end := b.p.Settings.ConsentPeriod.From(b.now)
	b.now = end.AddDate(0, 0, -7)
	objected := b.decide(t, b.read(accepted), map[string]bool{"statistics": false})
	if s := b.read(objected); !s.Allows("analytics") || s.Counted() || s.Ask() {
		t.Error("an objection changed other choices")
	}
	b.now = end
	if s := b.read(objected); s.Allows("analytics") || !s.Ask() {
		t.Error("an objection to statistics made an old consent to analytics last longer")
	}
	if s := b.read(objected); s.Counted() {
		t.Error("an objection lapsed with the consent (UK GDPR Art 21(3))")
	}
	if _, _, decided := b.read(objected).Decided(); decided {
		t.Error("what is left passes for a choice")
	}
}

func TestAChoiceGrowsOld(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	value := b.decide(t, b.desk.Read(b.p, "website", nil, false), all)
	made := b.now
	for at, holds := range map[time.Time]bool{
		made.AddDate(0, 6, -1): true, made.AddDate(0, 6, 1): false, made.AddDate(0, 0, -1): false,
	} {
		b.now = at
		if got := b.read(value).Allows("analytics"); got != holds {
			t.Errorf("on %s the choice holds: %v, want %v", at.Format(time.DateOnly), got, holds)
		}
	}
}

// E: asked again when declared cookies change materially, and only about the
// group that changed.
func TestAMaterialChangeIsAskedAgain(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	value := b.decide(t, b.desk.Read(b.p, "website", nil, false), map[string]bool{"analytics": true, "trusted-traffic": false, "statistics": false})
	b.versions[2] = invoco(t, 2, "name: _gat\n", "name: _other\n")
	b.p = b.versions[2]
	s := b.read(value)
	if !s.Ask() || s.Allows("analytics") || s.Counted() {
		t.Error("a new cookie in the group is covered by the old yes")
	}
	if _, decided := s.Choice("trusted-traffic"); !decided {
		t.Error("a group that did not change is asked again")
	}
	b.versions[3] = invoco(t, 3, "description: Our public site,", "description: The public site,")
	b.p = b.versions[3]
	if s := b.read(value); !s.Allows("analytics") {
		t.Error("another wording elsewhere is no reason to ask again")
	}
	b.p = b.versions[1]
	newer := strings.Replace(value, "v1.1.", "v1.2.", 1)
	if b.read(newer).Allows("analytics") {
		t.Error("a changed version verified")
	}
}

func TestWhatDoesNotVerifyIsNoChoice(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	good := b.decide(t, b.desk.Read(b.p, "website", nil, false), all)
	if s := b.desk.Read(b.p, "website", []string{"x", good}, false); !s.Allows("analytics") {
		t.Error("the good one of two was not found")
	}
	for i := range good {
		for _, c := range []byte{'A', 'y', '.', 'n'} {
			if bad := good[:i] + string(c) + good[i+1:]; bad != good && b.read(bad).Allows("analytics") {
				t.Fatalf("changed at %d it verifies: %s", i, bad)
			}
		}
	}
	for _, bad := range []string{"", ".", "v1", good + ".", good + "A", strings.ToUpper(good), strings.Repeat("a", 5000), "v1.1.20261124.-yyy..", good[:len(good)-1]} {
		if b.read(bad).Widened() {
			t.Errorf("%.40q verifies", bad)
		}
	}
}

func TestOnlyDecidableGroups(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s := b.desk.Read(b.p, "website", nil, false)
	for _, group := range []string{"necessary", "undeclared", ""} {
		if _, err := b.desk.Decide(context.Background(), consent.Request{Surface: "website", Choices: map[string]bool{group: true}, State: s}); !errors.Is(err, consent.ErrGroup) {
			t.Errorf("%q: %v", group, err)
		}
	}
}

// R12: replaced decisions go after the period, all after the limit.
func TestSweep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setUp(t, st)
		first := b.desk.Read(b.p, "website", nil, false)
		made := b.now
		replaced := b.decide(t, first, all)
		b.decide(t, b.read(replaced), none)
		for _, step := range []struct {
			at   time.Time
			gone int64
		}{
			{made.AddDate(2, 0, 0).Add(-time.Hour), 0}, {made.AddDate(2, 0, 0), 1}, {made.AddDate(6, 0, 0).Add(-time.Hour), 0}, {made.AddDate(6, 0, 0), 1},
		} {
			b.now = step.at
			n, err := b.desk.Sweep(context.Background(), b.p)
			if err != nil || n != step.gone {
				t.Errorf("at %s %d went (%v), want %d", step.at.Format(time.RFC3339), n, err, step.gone)
			}
		}
	})
}

// L16: each choice stands with the version that it was made under, in the
// cookie, in what people are told, in the row and in the evidence, however many
// versions later something else is decided.
func TestACarriedChoiceKeepsItsVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setUp(t, st)
		ctx := context.Background()
		value := b.decide(t, b.desk.Read(b.p, "website", nil, false), map[string]bool{"analytics": true, "trusted-traffic": false, "statistics": true})
		first := b.now.Truncate(24 * time.Hour)
		var got []consent.Record
		for i, step := range []struct {
			choices map[string]bool
			cookie  string
		}{
			{map[string]bool{"statistics": false}, "v1.2.20261124.-ny1n1."},
			{map[string]bool{"trusted-traffic": true}, "v1.3.20261124.-n2y1y."},
			{map[string]bool{"statistics": true}, "v1.4.20261124.-yy1y3."},
		} {
			b.now = b.now.AddDate(0, 0, 7)
			version := i + 2
			b.p = invoco(t, version, "description: Our public site,", "description: The public site,")
			b.versions[version] = b.p
			v, err := b.desk.Decide(ctx, consent.Request{Surface: "website", Choices: step.choices, Wording: [32]byte{byte(version)}, State: b.read(value)})
			if err != nil {
				t.Fatal(err)
			}
			_, value, _ = b.desk.Cookie(b.p, "website", v)
			if !strings.HasPrefix(value, step.cookie) {
				t.Errorf("the cookie is %s, want %s", value, step.cookie)
			}
			if day, under, ok := b.read(value).Decided(); !ok || under != 1 || !day.Equal(first) {
				t.Errorf("people are told %v, version %d", day, under)
			}
			r, err := b.desk.Get(ctx, v.ID)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		for i, want := range []string{
			"statistics=no analytics=yes@1 trusted-traffic=no@1",
			"statistics=no@2 analytics=yes@1 trusted-traffic=yes",
			"statistics=yes analytics=yes@1 trusted-traffic=yes@3",
		} {
			if got[i].Choices != want || got[i].Policy != i+2 {
				t.Errorf("under version %d the row says %q, want %q", got[i].Policy, got[i].Choices, want)
			}
		}
		if body := b.last(t); body.Policy != 4 || !maps.Equal(body.Choices, map[string]bool{"statistics": true}) {
			t.Errorf("the evidence names choices of other versions: %v under %d", body.Choices, body.Policy)
		}
		if _, under, _ := b.read(b.decide(t, b.read(value), all)).Decided(); under != 4 {
			t.Errorf("decided anew under version %d", under)
		}
	})
}

func FuzzRead(f *testing.F) {
	p := &policy.Policy{Version: 1, CookieGroups: []policy.CookieGroup{{ID: "a", Consent: true}, {ID: "b", Exemption: "strictly-necessary"}}}
	desk := consent.New(nil, nil, []byte("secret"), func(n int) *policy.Policy {
		if n == 1 {
			return p
		}
		return nil
	}, time.Now)
	f.Add("v1.1.20261124.y-..AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("v1.1.20261124.y-g.zz.")
	f.Add("v1.2.20261124.y1-g.zz.")
	f.Fuzz(func(t *testing.T, value string) {
		if s := desk.Read(p, "website", []string{value}, false); s.Widened() {
			t.Fatal("a value that nobody signed was taken for a yes")
		}
	})
}

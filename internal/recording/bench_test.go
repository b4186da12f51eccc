package recording_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/consent/people"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/media"
	"candour/internal/notice"
	"candour/internal/recording"
	"candour/internal/retention"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/telecom/telecomtest"
	"candour/internal/vault"
	"candour/operators"
	"candour/policy"
)

var ctx = context.Background()

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// withRecording gives fernhill, who has neither, a telephone and recording under
// categories that no other operator has.
func withRecording(p *policy.Policy) {
	mine := func(id, source string) policy.Category {
		return policy.Category{ID: id, Title: id, Kind: "ordinary", Surfaces: []string{"portal"}, Source: source, Required: "optional", Reason: "So that it works.", Without: "It does not.", Format: "none"}
	}
	number := mine("bell.digits", "derived")
	number.Format = "telephone"
	p.Categories = append(p.Categories, number, mine("reel.own", "given"), mine("reel.heard", "observed"))
	for i := range p.Purposes {
		if q := &p.Purposes[i]; q.ID == "line" {
			q.Uses = append(q.Uses, policy.Use{Categories: []string{"bell.digits"}, Basis: policy.Contract, Retention: "member"})
		}
	}
	p.Purposes = append(p.Purposes,
		policy.Purpose{ID: recording.PurposeID, Title: "Reels", Description: "Reels.", Uses: []policy.Use{{Categories: []string{"reel.own"}, Basis: policy.Consent, Retention: "until-stopped"}}},
		policy.Purpose{ID: recording.OtherID, Title: "Heard", Description: "Heard.", Uses: []policy.Use{{Categories: []string{"reel.heard"}, Basis: policy.LegitimateInterest, Interest: "Listening.", Retention: "calls"}}})
	for i := range p.Actors {
		if a := &p.Actors[i]; a.ID == "customer" || a.ID == "system" {
			a.Purposes = append(slices.Clone(a.Purposes), recording.PurposeID, recording.OtherID)
		}
	}
	key := policy.Field{Name: "form_key", Control: "antiforgery"}
	p.Forms = append(p.Forms, policy.Form{
		ID: "dial", Title: "Ring", Surfaces: []string{"portal"}, Path: "/bell", Purpose: "line", Fields: []policy.Field{key, {Name: "digits", Label: "Digits", Category: "calls.list"}},
	})
}

// house is people with lines who record.
type house struct {
	*mailtest.Bench
	t        *testing.T
	accounts *identity.Accounts
	phones   *telecom.Desk
	choices  *people.Desk
	desk     *recording.Desk
	ended    []string // recordings that may go on no longer
}

func open(t *testing.T, st *store.Store, operator string) *house {
	t.Helper()
	edit := func(*policy.Policy) {}
	if operator == "fernhill" {
		edit = withRecording
	}
	h := &house{Bench: mailtest.NewWith(t, st, operator, edit), t: t}
	h.accounts = identitytest.Open(h.Bench)
	h.phones = telecom.New(telecom.Config{Store: st, Ring: h.Ring, Log: h.Log, Vault: h.Vault, Accounts: h.accounts, InForce: h.InForce, Now: h.Now})
	h.choices = people.New(people.Config{Store: st, Log: h.Log, Vault: h.Vault, InForce: h.InForce, Version: h.Version, Now: h.Now})
	h.restart()
	return h
}

// restart makes the desk anew, as a program does that died.
func (h *house) restart() {
	h.desk = recording.New(recording.Config{Store: h.Store, Log: h.Log, Vault: h.Vault, InForce: h.InForce, Now: h.Now})
	h.desk.OnEnd(func(_ int64, why recording.Code) { h.ended = append(h.ended, string(why)) })
	h.choices.Follow(h.desk)
}

// each runs fn for both operators on both engines.
func each(t *testing.T, fn func(*house)) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st, operator)) })
		})
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) want(what string, got, want any) {
	h.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (h *house) update(fn func(*store.Tx) error) error { return h.Store.Update(ctx, fn) }

// line gives somebody an account and a line.
func (h *house) line(extension string) telecom.Line {
	h.t.Helper()
	return telecomtest.Line(h.Bench, h.accounts, h.phones, identity.CustomerUser, extension)
}

// decides has somebody say yes or no to a purpose.
func (h *house) decides(l telecom.Line, purpose string, yes bool) {
	h.t.Helper()
	roles, err := h.desk.Roles()
	h.must(err)
	q, _ := h.InForce().Policy().PurposeByID(purpose)
	h.must(h.choices.Decide(ctx, people.Decision{
		Subject: l.Subject, Actor: l.Role.Actor(), Surface: roles.Surface, Purpose: purpose, Yes: yes, Shown: people.Statement(h.InForce().Policy(), q).Hash(), Way: people.InTheApp,
	}))
}

func (h *house) own(l telecom.Line) vault.Access {
	h.t.Helper()
	roles, err := h.desk.Roles()
	h.must(err)
	return vault.Access{Actor: l.Role.Actor(), Purpose: recording.PurposeID, Surface: roles.Surface, Own: true}
}

func (h *house) begin(by, other telecom.Line) (id int64, err error) {
	err = h.update(func(tx *store.Tx) (err error) {
		id, err = h.desk.Begin(ctx, tx, recording.Start{By: by, Other: other, Call: 7})
		return err
	})
	return id, err
}

func (h *house) keep(id int64) error {
	return h.update(func(tx *store.Tx) error {
		return h.desk.Keep(ctx, tx, id, recording.Said{Own: low, Other: high, Length: time.Second})
	})
}

func (h *house) end(id int64, why recording.Code) {
	h.t.Helper()
	h.must(h.update(func(tx *store.Tx) error { return h.desk.End(ctx, tx, id, why) }))
}

// records records a call of two seconds.
func (h *house) records(by, other telecom.Line) int64 {
	h.t.Helper()
	id, err := h.begin(by, other)
	h.must(err)
	h.must(h.update(func(tx *store.Tx) error { return h.desk.Announced(ctx, tx, id) }))
	h.must(h.keep(id))
	h.must(h.keep(id))
	h.end(id, recording.Stopped)
	return id
}

func (h *house) list(l telecom.Line) (list []recording.Recording) {
	h.t.Helper()
	h.must(h.Store.View(ctx, func(tx *store.Tx) (err error) { list, err = h.desk.List(ctx, tx, l.Subject); return err }))
	return list
}

func (h *house) about(l telecom.Line) (list []recording.Recording) {
	h.t.Helper()
	h.must(h.Store.View(ctx, func(tx *store.Tx) (err error) { list, err = h.desk.About(ctx, tx, l.Subject); return err }))
	return list
}

func (h *house) sound(l telecom.Line, id int64, side recording.Side) (file []byte, err error) {
	err = h.Store.View(ctx, func(tx *store.Tx) (err error) { file, err = h.desk.Sound(ctx, tx, l.Subject, id, side); return err })
	return file, err
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	h.must(h.Store.View(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&n) }))
	return n
}

// voices is how many records of recordings there are of somebody, and in all.
func (h *house) voices(l telecom.Line) [2]int {
	const all = "SELECT COUNT(*) FROM records r JOIN labels l ON l.label = r.label WHERE l.category IN ('call.recording', 'call.recorded', 'reel.own', 'reel.heard')"
	return [2]int{h.count(all+" AND r.subject = $1", int64(l.Subject)), h.count(all)}
}

func (h *house) sweep() {
	h.t.Helper()
	_, err := retention.New(h.Vault, h.Now, slog.New(slog.DiscardHandler)).Once(ctx)
	h.must(err)
	h.must(h.desk.Sweep(ctx))
}

// told wants the history of somebody to have entries, each once.
func (h *house) told(l telecom.Line, entries ...string) {
	h.t.Helper()
	about := h.About(l.Subject)
	for _, want := range entries {
		n := 0
		for _, line := range about {
			if strings.TrimSpace(line) == want {
				n++
			}
		}
		if n != 1 {
			h.t.Errorf("the history of %s has %d of %q: %s", l.Extension, n, want, strings.Join(about, ", "))
		}
	}
}

var low, high = media.Tone(440, time.Second), media.Tone(1000, time.Second)

// rights is the desk of rights, wired to this one as the program does.
func (h *house) rights(operator string) *rights.Desk {
	h.t.Helper()
	versions, err := notice.OpenVersions(ctx, h.Store, h.Log)
	h.must(err)
	fsys, _ := operators.FS(operator)
	profile, _ := policy.Load(fsys)
	_, err = versions.Publish(ctx, profile, h.Now(), h.Now())
	h.must(err)
	return rights.New(rights.Config{
		Store: h.Store, Ring: h.Ring, Log: h.Log, Vault: h.Vault, Queue: h.Queue, InForce: h.InForce, Now: h.Now,
		Sources: []rights.Source{h.desk.Facts}, Forget: []func(context.Context, *store.Tx, keys.SubjectID) error{h.accounts.Forget, h.phones.Erased, h.desk.Erased},
		History: history.New(history.Config{Store: h.Store, Log: h.Log, Vault: h.Vault, Versions: versions, Now: h.Now}),
	})
}

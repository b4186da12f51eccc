package consent_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"candour/internal/consent"
	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// accept has the bench's policy seen by a browser, and returns its new cookie.
func (b *bench) accept(t *testing.T, value string) string {
	t.Helper()
	v, err := b.desk.Accept(context.Background(), "website", b.read(value))
	if err != nil {
		t.Fatal(err)
	}
	_, out, ok := b.desk.Cookie(b.p, "website", v)
	if !ok {
		t.Fatal("no consent cookie")
	}
	return out
}

// publish puts a version in force in which the analytics change materially.
func (b *bench) publish(t *testing.T, version int) {
	b.p = invoco(t, version, "name: _gat\n", "name: _gat"+string(rune('0'+version))+"\n")
	b.versions[version] = b.p
}

// R1: who decided under an older version is behind until they have seen the
// newer one; that makes no choice wider, younger or anybody's.
func TestSeen(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	first := b.desk.Read(b.p, "website", nil, false)
	accepted, refused := b.decide(t, first, all), b.decide(t, first, none)
	if _, behind := b.read(accepted).Behind(); behind {
		t.Error("behind on the day")
	}
	b.now = b.now.AddDate(0, 1, 0)
	b.publish(t, 2)
	if _, behind := b.desk.Read(b.p, "website", nil, false).Behind(); behind {
		t.Error("a browser that decided nothing is told something")
	}
	for name, value := range map[string]string{"accepted": accepted, "refused": refused} {
		before := b.read(value)
		if known, behind := before.Behind(); !behind || known != 1 {
			t.Errorf("%s: behind %v, knows %d", name, behind, known)
		}
		seen := b.accept(t, value)
		after := b.read(seen)
		if _, behind := after.Behind(); behind {
			t.Errorf("%s: told again", name)
		}
		for _, g := range b.p.CookieGroups {
			if before.Allows(g.ID) != after.Allows(g.ID) {
				t.Errorf("%s: what is allowed of %s changed", name, g.ID)
			}
		}
		if before.Ask() != after.Ask() || after.Allows("analytics") {
			t.Errorf("%s: to have seen the notice answered the question", name)
		}
		day, under, _ := after.Decided()
		if under != 1 || day.After(b.now.AddDate(0, 0, -20)) {
			t.Errorf("%s: decided %v under %d", name, day, under)
		}
		if name == "refused" && seen != b.accept(t, refused) {
			t.Error("two browsers that refused can be told apart")
		}
		b.publish(t, 3)
		if known, behind := b.read(seen).Behind(); !behind || known != 2 {
			t.Errorf("%s: the next version: behind %v, knows %d", name, behind, known)
		}
		b.p = b.versions[2]
	}
}

func TestSeenIsEvidenced(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	value := b.decide(t, b.desk.Read(b.p, "website", nil, false), none)
	if _, err := b.desk.Accept(t.Context(), "website", b.read(value)); !errors.Is(err, consent.ErrNotBehind) {
		t.Errorf("with nothing new: %v", err)
	}
	if _, err := b.desk.Accept(t.Context(), "website", b.desk.Read(b.p, "website", nil, false)); !errors.Is(err, consent.ErrNotBehind) {
		t.Errorf("having decided nothing: %v", err)
	}
	b.publish(t, 2)
	b.accept(t, value)
	body := b.last(t)
	if body.Kind != evidence.NoticeAccepted || body.Policy != 2 || body.Ref != 0 || body.Subject != 0 || body.Surface != "website" {
		t.Errorf("%+v", body)
	}
}

// last returns the body of the newest entry of the evidence.
func (b *bench) last(t *testing.T) evidence.Body {
	t.Helper()
	var last int64
	if err := b.st.View(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT MAX(id) FROM evidence").Scan(&last)
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.log.Integrated(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	o, err := b.log.Opening(t.Context(), last)
	if err != nil {
		t.Fatal(err)
	}
	body, err := evidence.DecodeBody(o.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A cookie that says it has seen what was never published, or what came before
// its choice, is no choice; nor is one that was changed.
func TestSeenThatDoesNotVerify(t *testing.T) {
	b := setUp(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	value := b.decide(t, b.desk.Read(b.p, "website", nil, false), all)
	b.publish(t, 2)
	seen := b.accept(t, value)
	if !strings.HasPrefix(seen, "v1.1-2.") {
		t.Fatal(seen)
	}
	made := func(p, s int) string {
		_, v, _ := b.desk.Cookie(b.p, "website", consent.Decision{Policy: p, Seen: s, Day: b.now.Truncate(24 * time.Hour)})
		return v
	}
	for name, v := range map[string]string{
		"changed": strings.Replace(seen, "1-2", "1-3", 1), "dropped": strings.Replace(seen, "1-2", "1", 1), "not published": made(1, 9), "the same": made(2, 2), "before": made(2, 1),
	} {
		if _, _, ok := b.read(v).Decided(); ok {
			t.Errorf("%s is taken", name)
		}
	}
	if !b.read(seen).Ask() {
		t.Error("the analytics changed and nobody is asked")
	}
}

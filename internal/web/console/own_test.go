package console_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/web/own"
)

// R24, R28: staff are people of whom data is held: each of them sees their own
// details, copy, requests, history and who may see them, and nobody else's;
// every page leads on from the one in the menu.
func TestStaffSeeTheirOwn(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			b := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), operator)
			p := b.InForce().Profile.Policy
			surface, _ := p.SurfaceByID("console")
			at := surface.Host + "." + b.Parent
			declared := map[string]bool{}
			for _, f := range p.Forms {
				for _, field := range f.Fields {
					declared[field.Name] = true
				}
			}
			for _, role := range roles {
				if a, ok := p.ActorByID(role.Actor()); !ok || len(a.SignsIn) == 0 {
					continue
				}
				c := b.as(role)
				first := c.Do(http.MethodGet, at, own.OwnPath, "", "")
				for _, path := range append([]string{own.OwnPath}, mine...) {
					a := c.Do(http.MethodGet, at, path, "", "")
					if a.StatusCode != http.StatusOK || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
						t.Errorf("%s at %s: %d %s", role, path, a.StatusCode, b.Logged)
						continue
					}
					checkPage(t, path, a, declared)
					if path != own.OwnPath && !strings.Contains(first.Text, `href="`+path+`"`) {
						t.Errorf("nothing leads %s to %s", role, path)
					}
					if !strings.Contains(a.Text, `<a href="`+own.OwnPath+`" aria-current="page"`) {
						t.Errorf("%s: the menu does not say where this is", path)
					}
				}
				if a := c.Do(http.MethodGet, at, "/preferences", "", ""); a.StatusCode != http.StatusNotFound {
					t.Errorf("%s is asked for choices that the policy declares for others: %d", role, a.StatusCode)
				}
			}
		})
	}
}

// R24, R12, L9, L11: what staff do about their own data is theirs alone: a copy
// of it needs a fresh proof, and an erasure takes the account with it.
func TestStaffUseTheirRights(t *testing.T) {
	each(t, func(b *bench) {
		c, other := b.as(identity.Support), b.as(identity.Officer)
		if a := c.get("/profile"); !strings.Contains(a.Text, "support1@invoco.example") || !strings.Contains(a.Text, "Support staff") || strings.Contains(a.Text, "dpo2@") {
			t.Errorf("the details: %d", a.StatusCode)
		}
		for _, path := range []string{"/data/restrict", "/data/lift"} {
			if a := c.press(path); a.StatusCode != http.StatusOK {
				t.Errorf("%s: %d %s", path, a.StatusCode, b.Logged)
			}
		}
		a := c.press("/data/file")
		var pack struct {
			Records []struct{ Value string }
			History []struct{ What string }
		}
		if err := json.Unmarshal([]byte(a.Text), &pack); err != nil || a.StatusCode != http.StatusOK || len(pack.Records) == 0 || len(pack.History) == 0 || strings.Contains(a.Text, "dpo2@") {
			t.Errorf("the copy: %d, %v, %d records", a.StatusCode, err, len(pack.Records))
		}
		entry := ""
		for _, part := range strings.Split(c.get("/history").Text, `href="`) {
			if path, _, _ := strings.Cut(part, `"`); strings.HasPrefix(path, "/history/") {
				entry = path
				break
			}
		}
		if a := c.get(entry); a.StatusCode != http.StatusOK {
			t.Errorf("an entry of their history %q: %d", entry, a.StatusCode)
		}
		if a := other.get(entry); a.StatusCode != http.StatusNotFound {
			t.Errorf("an entry of somebody else's history: %d", a.StatusCode)
		}
		b.Pass(11 * time.Minute)
		for _, path := range []string{"/data/file", "/data/take/json", "/data/erase"} {
			if a := c.press(path); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/prove?back=") {
				t.Errorf("%s with an old proof: %d", path, a.StatusCode)
			}
		}
		fresh := b.as(identity.Support)
		if a := fresh.get("/data/erase"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Yes, erase my data") {
			t.Errorf("before the erasure: %d %s", a.StatusCode, b.Logged)
		}
		if a := fresh.press("/data/erase"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Your data is erased") {
			t.Errorf("the erasure: %d %s", a.StatusCode, b.Logged)
		}
		if a := fresh.get(own.OwnPath); a.StatusCode != http.StatusSeeOther {
			t.Errorf("after the erasure: %d", a.StatusCode)
		}
	})
}

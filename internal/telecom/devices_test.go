package telecom_test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // as SIP phones do
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// device registers a phone; it fails the test if it is refused.
func (x *exchange) device(l telecom.Line, name string) (d telecom.Device, c telecom.Credentials) {
	x.t.Helper()
	x.update(func(tx *store.Tx) (err error) {
		d, c, err = x.desk.GiveDevice(ctx, tx, x.own(), l.Account, name)
		return err
	})
	return d, c
}

// adding is what registering a phone comes to.
func (x *exchange) adding(account int64, name string) string {
	return code(x.Store.Update(ctx, func(tx *store.Tx) error {
		_, _, err := x.desk.GiveDevice(ctx, tx, x.own(), account, name)
		return err
	}))
}

func (x *exchange) devices(l telecom.Line) (list []telecom.Device) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = x.desk.Devices(ctx, tx, l.Account)
		return err
	}))
	return list
}

func (x *exchange) revoking(l telecom.Line, device int64) string {
	return code(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.RevokeDevice(ctx, tx, x.own(), l.Account, device) }))
}

// signs is what a digest of a user name comes to.
func (x *exchange) signs(username string) string {
	_, _, err := x.desk.DeviceBy(ctx, username)
	return code(err)
}

// R18, R28: the whole way of a phone. It is found by its user name with the line
// that it is on and the hashes of its password (RFC 7616, RFC 8760), until its
// person removes it; both are in their history.
func TestStoryOfAPhone(t *testing.T) {
	each(t, func(x *exchange) {
		t := x.t
		ann, bob := x.two()
		var gone []int64
		x.desk.OnRevoke(func(id int64) { gone = append(gone, id) })
		d, c := x.device(ann, "  the kitchen ")
		x.Work()
		letters := x.Office.Take()
		x.want("letters", []any{len(letters), letters[0].Kind, letters[0].To}, []any{1, mail.AccountPhoneAdded, "ann@example.org"})
		for _, not := range []string{"kitchen", c.Username, c.Password} {
			if strings.Contains(letters[0].Raw, not) {
				t.Error("the letter says what the phone is")
			}
		}
		domain := x.InForce().Policy().Operator.Domain
		x.want("the name", []any{d.Name, d.Line.Extension, d.Username == c.Username, c.Domain}, []any{"the kitchen", "1001", true, domain})
		x.want("the lengths", []any{len(c.Username), len(c.Password)}, []any{8, 16})

		got, h, err := x.desk.DeviceBy(ctx, c.Username)
		x.must(err)
		x.want("who signs in", []any{got.ID == d.ID, got.Name, got.Line.ID == ann.ID, got.Line.Extension, got.Line.Name == ann.Name, got.Line.Subject == ann.Subject},
			[]any{true, "the kitchen", true, "1001", true, true})
		text := []byte(c.Username + ":" + domain + ":" + c.Password)
		long, short := sha256.Sum256(text), md5.Sum(text) //nolint:gosec // as above
		x.want("the hashes", []string{h.SHA256, h.MD5}, []string{hex.EncodeToString(long[:]), hex.EncodeToString(short[:])})
		for what, name := range map[string]string{
			"nobody": "abcdefgh", "nothing": "", "in capitals": strings.ToUpper(c.Username), "with a space": c.Username + " ", "very long": strings.Repeat("a", 1<<20),
		} {
			x.want(what, x.signs(name), "no phone")
		}

		list := x.devices(ann)
		x.want("the list", []any{len(list), list[0].Name, list[0].Username, list[0].Added.IsZero(), len(x.devices(bob))}, []any{1, "the kitchen", c.Username, false, 0})
		x.want("somebody else's", x.revoking(bob, d.ID), "no phone")
		x.want("none", x.revoking(ann, 1), "no phone")
		x.want("nothing is told", len(gone), 0)
		x.want("one's own", x.revoking(ann, d.ID), "done")
		x.want("what is told", gone, []int64{d.ID})
		x.want("twice", x.revoking(ann, d.ID), "no phone")
		x.want("after that", []any{x.signs(c.Username), len(x.devices(ann))}, []any{"no phone", 0})
		x.want("what is held", len(slices.DeleteFunc(x.exported(ann.Subject), func(v string) bool { return !strings.Contains(v, "kitchen") && !strings.Contains(v, c.Username) })), 0)
		var told []string
		for _, e := range x.About(ann.Subject) {
			if strings.HasPrefix(e, "device.") {
				told = append(told, strings.TrimSpace(e))
			}
		}
		x.want("the history", told, []string{"device.added", "device.removed"})
		x.must(x.Vault.Check(ctx))
	})
}

// What cannot be a phone is none, and nothing of it is kept.
func TestPhonesThatAreRefused(t *testing.T) {
	each(t, func(x *exchange) {
		ann, _ := x.two()
		cal := x.customer("Cal")
		for _, c := range []struct {
			what, name, want string
			account          int64
		}{
			{"no line", "kitchen", "no line", cal.Account.ID}, {"nobody", "kitchen", "no line", 1}, {"no name", "", "no name", ann.Account}, {"spaces", " \t ", "no name", ann.Account},
			{"too long", strings.Repeat("x", 41), "no name", ann.Account}, {"control characters", "a\x00b", "no name", ann.Account},
			{"no text", "a\xffb", "no name", ann.Account}, {"turned round", "a\u202eb", "no name", ann.Account},
			{"just so long", strings.Repeat("é", 40), "done", ann.Account}, {"markup is a name", "<b>", "done", ann.Account},
		} {
			x.want(c.what, x.adding(c.account, c.name), c.want)
		}
		x.want("phones", len(x.devices(ann)), 2)
		for i := 2; i < telecom.MaxDevices; i++ {
			x.device(ann, fmt.Sprint("phone ", i))
		}
		x.want("one too many", x.adding(ann.Account, "another"), "too many")
		x.want("after one went", x.revoking(ann, x.devices(ann)[3].ID)+" "+x.adding(ann.Account, "another"), "done done")
	})
}

// Of many who register the last phone at once, one does.
func TestNoMorePhonesThanMayBe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, _ := x.two()
		for i := range telecom.MaxDevices - 1 {
			x.device(ann, fmt.Sprint("phone ", i))
		}
		got := make([]string, 4)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i] = x.adding(ann.Account, "last") })
		}
		all.Wait()
		if text := strings.Join(got, " "); strings.Count(text, "done") != 1 || strings.Count(text, "too many") != 3 {
			t.Error(text)
		}
	})
}

// No two phones have anything in common, nor anything of their person's.
func TestCredentialsAreMadeUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, _ := x.two()
		seen := map[string]bool{}
		for range telecom.MaxDevices {
			d, c := x.device(ann, "same")
			for _, text := range []string{c.Username, c.Password} {
				if seen[text] || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") != "" {
					t.Error("not made up")
				}
				seen[text] = true
			}
			if a := c.Address(); a != "sip:"+c.Username+":"+c.Password+"@"+c.Domain {
				t.Error("another address")
			}
			if s := fmt.Sprintf("%v %+v %#v %s %x", c, d, c, d, c); strings.Contains(s, c.Username) || strings.Contains(s, c.Password) {
				t.Error("credentials print what they hold")
			}
		}
		_, h, err := x.desk.DeviceBy(ctx, x.devices(ann)[0].Username)
		x.must(err)
		if s := fmt.Sprintf("%v %+v %#v %s %x", h, h, h, h, h); strings.Contains(s, h.MD5) || strings.Contains(s, h.SHA256) {
			t.Error("hashes print what they hold")
		}
	})
}

// A phone works as long as its line does: it ends with the line, with the account
// and with a policy that declares none, and goes on under a restriction (UK GDPR
// Art 18(2)).
func TestPhonesEndWithTheirLine(t *testing.T) {
	each(t, func(x *exchange) {
		annS := x.customer("Ann")
		ann, bob := x.line(annS, "1001"), x.line(x.customer("Bob"), "1002")
		calS := x.colleague(annS, "Cal")
		cal := x.line(calS, "1003")
		var gone []int64
		x.desk.OnRevoke(func(id int64) { gone = append(gone, id) })
		a, ac := x.device(ann, "one")
		b, bc := x.device(bob, "two")
		c, cc := x.device(cal, "three")
		x.update(func(tx *store.Tx) error { return x.Vault.Restrict(ctx, tx, x.own(), ann.Subject) })
		x.want("under a restriction", x.signs(ac.Username), "done")
		x.update(func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), bob.Account) })
		x.want("without a line", []any{x.signs(bc.Username), gone}, []any{"no phone", []int64{b.ID}})
		x.must(x.accounts.Dismiss(ctx, annS, calS.Account.Reference))
		x.want("of a closed account", x.signs(cc.Username), "no phone")
		x.Work()
		x.Office.Take() // Cal is told
		x.must(x.give(x.customer("Dee"), "1003", false))
		x.want("once somebody else has the extension", []any{gone, x.count("SELECT COUNT(*) FROM devices")}, []any{[]int64{b.ID, c.ID}, 1})
		x.erase(ann.Subject)
		x.want("of nobody", []any{x.signs(ac.Username), gone}, []any{"no phone", []int64{b.ID, c.ID, a.ID}})
		x.want("rows", x.count("SELECT COUNT(*) FROM devices"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// What is rolled back tells nobody that a phone is gone.
func TestNothingIsToldBeforeTheCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, _ := x.two()
		d, c := x.device(ann, "one")
		x.desk.OnRevoke(func(int64) { t.Error("told of what was rolled back") })
		err := x.Store.Update(ctx, func(tx *store.Tx) error {
			x.must(x.desk.RevokeDevice(ctx, tx, x.own(), ann.Account, d.ID))
			return identity.ErrBusy
		})
		x.want("the transaction", err, identity.ErrBusy)
		x.want("signing in", x.signs(c.Username), "done")
	})
}

// L6, R24: a copy tells of each phone what it is called and that it signs in, but
// not with what: whoever had the copy could call with it (UK GDPR Art 32).
func TestCopyHasThePhones(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				x := open(t, st, operator)
				ann, bob := x.two()
				_, c := x.device(ann, "the kitchen")
				_, h, err := x.desk.DeviceBy(ctx, c.Username)
				x.must(err)
				desk := x.rights(operator)
				for _, l := range []telecom.Line{ann, bob} {
					p, err := desk.Self(ctx, l.Subject, x.own(), "")
					x.must(err)
					var b bytes.Buffer
					_, err = desk.Access(ctx, p, &b)
					x.must(err)
					for _, want := range []string{"the kitchen", `withheld`, "You added a phone to your line", "A phone was added to your line"} {
						if l == ann && !strings.Contains(b.String(), want) {
							t.Errorf("the copy lacks %q", want)
						}
					}
					if l == bob && strings.Contains(b.String(), "kitchen") {
						t.Error("somebody else's copy has the phone")
					}
					for _, not := range []string{h.SHA256, h.MD5, c.Password} {
						if strings.Contains(b.String(), not) {
							t.Error("the copy has what the phone signs in with")
						}
					}
				}
			})
		})
	}
}

// L8: nothing on disk is left of a phone whose person was erased, nor of one that
// was removed, and the password never was there.
func TestNoResidueOfPhones(t *testing.T) {
	dir := t.TempDir()
	x := open(t, storetest.Open(t, filepath.Join(dir, "candour.db")), "invoco")
	ann, bob := x.two()
	var gone [][]byte
	sealed := func(s keys.SubjectID) {
		for _, category := range []string{"phone.name", "credential.phone"} {
			gone = append(gone, x.bytes("SELECT r.sealed FROM records r JOIN labels l ON l.label = r.label WHERE l.category = $1 AND r.subject = $2", category, int64(s))...)
		}
		gone = append(gone, x.bytes("SELECT mark FROM devices WHERE subject = $1", int64(s))...)
	}
	for _, l := range []telecom.Line{ann, bob} {
		d, c := x.device(l, "the planted kitchen")
		_, h, err := x.desk.DeviceBy(ctx, c.Username)
		x.must(err)
		gone = append(gone, []byte(c.Password), []byte(c.Username), []byte(h.MD5), []byte(h.SHA256))
		sealed(l.Subject)
		if l == bob {
			x.want("removing", x.revoking(bob, d.ID), "done")
		}
	}
	if len(gone) != 14 {
		t.Fatalf("%d values to look for", len(gone))
	}
	gone = append(gone, []byte("the planted kitchen"))
	x.erase(ann.Subject)
	x.must(x.Vault.Purge(ctx))
	if found := scan(t, dir, gone); found != "" {
		t.Error(found)
	}
}

// Under a policy without the form nobody has a phone, and nothing fails.
func TestNoPhones(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := openOn(t, mailtest.New(t, st, "fernhill"))
		s := x.customer("Ann")
		add := func(tx *store.Tx) error {
			_, _, err := x.desk.GiveDevice(ctx, tx, vault.Access{Actor: "system"}, s.Account.ID, "kitchen")
			return err
		}
		x.want("a phone", code(x.Store.Update(ctx, add)), "undeclared")
		x.want("the list", code(x.Store.View(ctx, func(tx *store.Tx) error { _, err := x.desk.Devices(ctx, tx, s.Account.ID); return err })), "undeclared")
		x.want("a digest", x.signs("abcdefgh"), "no phone")
	})
}

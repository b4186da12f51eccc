package voicemail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/media"
	"candour/internal/notice"
	"candour/internal/retention"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/telecom/telecomtest"
	"candour/internal/vault"
	"candour/internal/voicemail"
	"candour/operators"
	"candour/policy"
)

var ctx = context.Background()

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// withVoicemail gives fernhill, who has neither, a telephone and voicemail under
// ids that no other operator has.
func withVoicemail(p *policy.Policy) {
	mine := func(id, source, format string) policy.Category {
		return policy.Category{ID: id, Title: id, Kind: "ordinary", Surfaces: []string{"portal"}, Source: source, Required: "optional", Reason: "So that it works.", Without: "It does not.", Format: format}
	}
	p.Categories = append(p.Categories, mine("bell.digits", "derived", "telephone"), mine("cylinder.wax", "third-party", "none"), mine("cylinder.hello", "given", "none"), mine("cylinder.set", "given", "choice"))
	for i := range p.Purposes {
		if q := &p.Purposes[i]; q.ID == "line" {
			q.Uses = append(q.Uses, policy.Use{Categories: []string{"bell.digits", "cylinder.hello", "cylinder.set"}, Basis: policy.Contract, Retention: "member"},
				policy.Use{Categories: []string{"cylinder.wax"}, Basis: policy.Contract, Retention: "calls"})
		}
	}
	key := policy.Field{Name: "form_key", Control: "antiforgery"}
	p.Forms = append(p.Forms, policy.Form{
		ID: "dial", Title: "Ring", Surfaces: []string{"portal"}, Path: "/bell", Purpose: "line", Fields: []policy.Field{key, {Name: "digits", Label: "Digits", Category: "calls.list"}},
	}, policy.Form{
		ID: "voicemail", Title: "Cylinders", Surfaces: []string{"portal"}, Path: "/cylinders", Purpose: "line",
		Fields: []policy.Field{key, {Name: "when", Label: "When", Category: "cylinder.set", Options: []policy.Option{{Value: "off"}, {Value: "30"}}}},
	})
}

// house is people with lines and voicemail.
type house struct {
	*mailtest.Bench
	t        *testing.T
	accounts *identity.Accounts
	phones   *telecom.Desk
	desk     *voicemail.Desk
	told     []string // line, new and heard messages
}

func open(t *testing.T, st *store.Store, operator string) *house {
	t.Helper()
	edit := func(*policy.Policy) {}
	if operator == "fernhill" {
		edit = withVoicemail
	}
	h := &house{Bench: mailtest.NewWith(t, st, operator, edit), t: t}
	h.accounts = identitytest.Open(h.Bench)
	h.phones = telecom.New(telecom.Config{Store: st, Ring: h.Ring, Log: h.Log, Vault: h.Vault, Accounts: h.accounts, InForce: h.InForce, Now: h.Now})
	h.desk = voicemail.New(voicemail.Config{Store: st, Log: h.Log, Vault: h.Vault, Accounts: h.accounts, InForce: h.InForce, Now: h.Now})
	h.desk.OnWaiting(func(line int64, fresh, old int) { h.told = append(h.told, fmt.Sprint(line, " ", fresh, " ", old)) })
	return h
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
	l := telecomtest.Line(h.Bench, h.accounts, h.phones, identity.CustomerUser, extension)
	h.Work()
	h.Office.Take()
	return l
}

// own is the access of somebody to what is theirs.
func (h *house) own(l telecom.Line) vault.Access {
	h.t.Helper()
	roles, err := h.desk.Roles()
	h.must(err)
	return vault.Access{Actor: l.Role.Actor(), Purpose: roles.Purpose, Surface: roles.Form.Surfaces[0], Own: true}
}

func (h *house) set(l telecom.Line, b voicemail.Box) {
	h.t.Helper()
	h.must(h.update(func(tx *store.Tx) error { return h.desk.Set(ctx, tx, h.own(l), l, b) }))
}

func (h *house) box(l telecom.Line) (b voicemail.Box) {
	h.t.Helper()
	h.must(h.Store.View(ctx, func(tx *store.Tx) (err error) { b, err = h.desk.Box(ctx, tx, l); return err }))
	return b
}

// leave leaves a message of a second.
func (h *house) leave(l telecom.Line, from string, s media.Sound) (m voicemail.Message, err error) {
	err = h.update(func(tx *store.Tx) (err error) {
		m, err = h.desk.Leave(ctx, tx, voicemail.Left{For: l, From: from, Sound: s})
		return err
	})
	return m, err
}

func (h *house) list(l telecom.Line) (list []voicemail.Message) {
	h.t.Helper()
	h.must(h.Store.View(ctx, func(tx *store.Tx) (err error) { list, err = h.desk.Messages(ctx, tx, l); return err }))
	return list
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	h.must(h.Store.View(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&n) }))
	return n
}

var said = media.Tone(440, time.Second)

// A message is left, heard once, and removed, by whom it was left for; those who
// are told of messages are told each time.
func TestMessages(t *testing.T) {
	each(t, func(h *house) {
		ann, bob := h.line("1001"), h.line("1002")
		h.want("at first", h.box(ann), voicemail.Box{})
		first, err := h.leave(ann, "1002", said)
		h.must(err)
		second, err := h.leave(ann, "", said)
		h.must(err)
		list := h.list(ann)
		if len(list) != 2 || list[0].ID != second.ID || !list[0].Hidden || list[1].From != "1002" || list[1].Length != time.Second {
			t.Fatalf("%d messages", len(list))
		}
		h.want("Bob's", len(h.list(bob)), 0)
		var file []byte
		h.must(h.Store.View(ctx, func(tx *store.Tx) (err error) { file, err = h.desk.Sound(ctx, tx, ann, first.ID); return err }))
		h.want("what is heard", bytes.Equal(file, said.File()), true)
		for range 2 {
			h.must(h.update(func(tx *store.Tx) error { return h.desk.Heard(ctx, tx, h.own(ann), ann, first.ID) }))
		}
		for name, act := range map[string]func(tx *store.Tx) error{
			"hear":   func(tx *store.Tx) error { _, err := h.desk.Sound(ctx, tx, bob, first.ID); return err },
			"note":   func(tx *store.Tx) error { return h.desk.Heard(ctx, tx, h.own(bob), bob, first.ID) },
			"remove": func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, h.own(bob), bob, first.ID) },
		} {
			if err := h.update(act); !errors.Is(err, voicemail.ErrNotFound) {
				t.Errorf("somebody else can %s it: %v", name, err)
			}
		}
		h.must(h.update(func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, h.own(ann), ann, first.ID) }))
		h.want("told", strings.ReplaceAll(strings.Join(h.told, ", "), fmt.Sprint(ann.ID), "line"), "line 1 0, line 2 0, line 1 1, line 1 0")
		for _, s := range []media.Sound{{}, media.Silence("pcmu", time.Minute), media.Tone(440, 20*time.Millisecond), media.Tone(440, 200*time.Second)} {
			if _, err := h.leave(ann, "1002", s); !errors.Is(err, voicemail.ErrEmpty) {
				t.Errorf("%s is a message: %v", s.Length(), err)
			}
		}
		for range voicemail.MaxMessages - 1 {
			_, err := h.leave(ann, "1002", media.Tone(440, 400*time.Millisecond))
			h.must(err)
		}
		if _, err := h.leave(ann, "1002", said); !errors.Is(err, voicemail.ErrFull) {
			t.Errorf("one too many: %v", err)
		}
	})
}

// The person of a box that fills is told in time, once each time, also if they
// want no letter about each message. A full one takes no more until they delete a
// message or one comes to its declared day: none goes to make room, heard or not.
func TestABoxThatFills(t *testing.T) {
	each(t, func(h *house) {
		ann := h.line("1001")
		tone := media.Tone(440, 400*time.Millisecond)
		fill := func(to int) (kinds []mail.Kind) {
			for n := len(h.list(ann)); n < to; n++ {
				_, err := h.leave(ann, "1002", tone)
				h.must(err)
			}
			h.Work()
			for _, l := range h.Office.Take() {
				kinds = append(kinds, l.Kind)
			}
			return kinds
		}
		h.want("before it is nearly full", len(fill(voicemail.NearlyFull-1)), 0)
		h.want("nearly full", fill(voicemail.NearlyFull), []mail.Kind{mail.VoicemailFilling})
		h.Later(24 * time.Hour)
		h.want("full", fill(voicemail.MaxMessages), []mail.Kind{mail.VoicemailFull})
		list := h.list(ann)
		oldest := list[len(list)-1]
		h.must(h.update(func(tx *store.Tx) error { return h.desk.Heard(ctx, tx, h.own(ann), ann, oldest.ID) }))
		if _, err := h.leave(ann, "1002", tone); !errors.Is(err, voicemail.ErrFull) {
			t.Errorf("one too many: %v", err)
		}
		h.must(h.desk.Sweep(ctx))
		list = h.list(ann)
		h.want("the oldest, which was heard, is there", []any{len(list), list[len(list)-1].ID == oldest.ID}, []any{voicemail.MaxMessages, true})
		h.must(h.update(func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, h.own(ann), ann, oldest.ID) }))
		h.want("full again", fill(voicemail.MaxMessages), []mail.Kind{mail.VoicemailFull})
		day := time.UnixMilli(int64(h.count("SELECT MIN(expires_day) FROM voicemail_messages")) * (24 * time.Hour).Milliseconds())
		h.Later(day.Sub(h.Now())) // of the first
		h.must(h.desk.Sweep(ctx))
		h.want("what its day took", len(h.list(ann)), voicemail.MaxMessages-voicemail.NearlyFull+1)
	})
}

// How voicemail is set stands in the history and is found again; a greeting is
// kept and taken back; an e-mail says that there is a message, and nothing of it.
func TestSettings(t *testing.T) {
	each(t, func(h *house) {
		ann := h.line("1001")
		h.set(ann, voicemail.Box{On: true, Wait: 30 * time.Second, Mail: true})
		if b := h.box(ann); !b.On || b.Wait != 30*time.Second || !b.Mail || b.Greeting {
			t.Errorf("%+v", b)
		}
		_, err := h.leave(ann, "1002", said)
		h.must(err)
		h.Work()
		if letters := h.Office.Take(); len(letters) != 1 || letters[0].Kind != mail.VoicemailWaiting || strings.Contains(letters[0].Raw, "1002") {
			t.Errorf("%d letters", len(letters))
		}
		greet := func(s media.Sound) error {
			return h.update(func(tx *store.Tx) error { return h.desk.SetGreeting(ctx, tx, h.own(ann), ann, s) })
		}
		greeting := func() (s media.Sound) {
			h.must(h.Store.View(ctx, func(tx *store.Tx) (err error) { s, err = h.desk.Greeting(ctx, tx, ann); return err }))
			return s
		}
		h.want("at first", greeting().Codec(), "")
		if err := greet(media.Silence("pcmu", time.Second)); !errors.Is(err, voicemail.ErrEmpty) {
			t.Errorf("silence is a greeting: %v", err)
		}
		h.must(greet(said))
		h.want("a greeting", []any{greeting().Length(), h.box(ann).Greeting}, []any{time.Second, true})
		h.set(ann, voicemail.Box{})
		b := h.box(ann)
		h.want("switched off", []any{b.On, b.Mail, b.Greeting}, []any{false, false, true})
		h.must(greet(media.Sound{}))
		h.want("the standard one", greeting().Codec(), "")
		h.want("records", h.count("SELECT COUNT(*) FROM records r JOIN labels l ON l.label = r.label WHERE r.subject = $1 AND l.category IN ('voicemail.settings', 'cylinder.set')", int64(ann.Subject)), 1)
		about := strings.Join(h.About(ann.Subject), ", ")
		for _, want := range []string{"voicemail.set on", "voicemail.set greeting", "voicemail.set off", "voicemail.set standard"} {
			if strings.Count(about, want) != 1 {
				t.Errorf("the history lacks %q: %s", want, about)
			}
		}
	})
}

// R12, R24, L8, L24, L40: a copy has the sound and from whom it is; messages go when the
// policy says, with their rows; and with their person, or their line.
func TestMessagesAreCopiedAndGo(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				h := open(t, st, operator)
				ann, bob := h.line("1001"), h.line("1002")
				desk := h.rights(operator)
				for _, l := range []telecom.Line{ann, bob} {
					h.set(l, voicemail.Box{On: true, Wait: 30 * time.Second})
				}
				m, err := h.leave(ann, "1002", said)
				h.must(err)
				h.must(h.update(func(tx *store.Tx) error { return h.desk.Heard(ctx, tx, h.own(ann), ann, m.ID) }))
				p, err := desk.Self(ctx, ann.Subject, h.own(ann), "")
				h.must(err)
				var b bytes.Buffer
				_, err = desk.Access(ctx, p, &b)
				h.must(err)
				for _, want := range []string{`"base64"`, "UklGR", "Voicemail message from 1002, 1 second long", "on, after 30 seconds, without e-mails", "A voicemail message was played"} {
					if !strings.Contains(b.String(), want) {
						t.Errorf("the copy lacks %q", want)
					}
				}
				sweep := func() {
					_, err := retention.New(h.Vault, h.Now, slog.New(slog.DiscardHandler)).Once(ctx)
					h.must(err)
					h.must(h.desk.Sweep(ctx))
				}
				sweep()
				h.want("before its time", len(h.list(ann)), 1)
				h.Later(400 * 24 * time.Hour)
				sweep()
				h.want("after it", []any{len(h.list(ann)), h.count("SELECT COUNT(*) FROM voicemail_messages")}, []any{0, 0})
				_, err = h.leave(ann, "1002", said)
				h.must(err)
				_, err = h.leave(bob, "1001", said)
				h.must(err)
				h.must(h.update(func(tx *store.Tx) error { return h.phones.Take(ctx, tx, h.own(bob), bob.Account) }))
				sweep()
				h.want("a line that is gone", h.count("SELECT COUNT(*) FROM voicemail_messages WHERE subject = $1", int64(bob.Subject))+
					h.count("SELECT COUNT(*) FROM voicemail_boxes WHERE subject = $1", int64(bob.Subject)), 0)
				_, err = desk.Erase(ctx, p)
				h.must(err)
				h.want("who is erased", h.count("SELECT COUNT(*) FROM voicemail_messages")+h.count("SELECT COUNT(*) FROM voicemail_boxes"), 0)
			})
		})
	}
}

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

// An operator who declares none has no voicemail.
func TestUndeclared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := mailtest.New(t, st, "fernhill")
		desk := voicemail.New(voicemail.Config{Store: st, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Now: b.Now})
		err := st.Update(ctx, func(tx *store.Tx) error {
			l := telecom.Line{ID: 1, Subject: keys.NewSubjectID()}
			for _, err := range []error{
				func() error { _, err := desk.Box(ctx, tx, l); return err }(), desk.Set(ctx, tx, vault.Access{}, l, voicemail.Box{}),
				func() error { _, err := desk.Messages(ctx, tx, l); return err }(), func() error { _, err := desk.Sound(ctx, tx, l, 1); return err }(),
				func() error { _, err := desk.Leave(ctx, tx, voicemail.Left{For: l, Sound: said}); return err }(),
			} {
				if !errors.Is(err, voicemail.ErrUndeclared) {
					t.Errorf("%v", err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Sweep(ctx); err != nil {
			t.Error(err)
		}
	})
}

// What is personal prints as a fixed word.
func TestNothingIsPrinted(t *testing.T) {
	for _, v := range []any{voicemail.Message{From: "1002"}, voicemail.Left{From: "1002", Sound: said}, said} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %d", v, v, v), log.String()} {
			if strings.Contains(text, "1002") || strings.Contains(text, "255") {
				t.Errorf("it prints as %.60s", text)
			}
		}
	}
}

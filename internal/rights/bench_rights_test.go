package rights_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"candour/internal/consent/people"
	"candour/internal/history"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/marketing"
	"candour/internal/notice"
	"candour/internal/retention"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/operators"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// office is everything a request goes through.
type office struct {
	*mailtest.Bench
	t          testing.TB
	help       *support.Desk
	newsletter *marketing.Newsletter
	choices    *people.Desk
	desk       *rights.Desk
	history    *history.Desk
	accounts   []keys.SubjectID
}

func open(t testing.TB, st *store.Store, operator string) *office {
	t.Helper()
	o := &office{Bench: mailtest.New(t, st, operator), t: t}
	o.help = support.New(support.Config{Store: st, Log: o.Log, Vault: o.Vault, Queue: o.Queue, InForce: o.InForce, Now: o.Now})
	o.newsletter = marketing.New(marketing.Config{Store: st, Ring: o.Ring, Log: o.Log, Vault: o.Vault, Queue: o.Queue, InForce: o.InForce, Now: o.Now})
	o.choices = people.New(people.Config{Store: st, Log: o.Log, Vault: o.Vault, InForce: o.InForce, Now: o.Now})
	o.choices.Follow(o.newsletter)
	versions, err := notice.OpenVersions(context.Background(), st, o.Log)
	o.must(err)
	fsys, _ := operators.FS(operator)
	profile, _ := policy.Load(fsys)
	_, err = versions.Publish(context.Background(), profile, o.Now(), o.Now())
	o.must(err)
	o.history = history.New(history.Config{Store: st, Log: o.Log, Vault: o.Vault, Versions: versions, Now: o.Now})
	o.desk = rights.New(rights.Config{
		Store: st, Ring: o.Ring, Log: o.Log, Vault: o.Vault, Queue: o.Queue, InForce: o.InForce, Now: o.Now,
		Ticket: o.help.OpenIn, TicketDone: o.help.CloseIn,
		Sources: []rights.Source{rights.Tickets(o.help), rights.Newsletter(o.newsletter), rights.Decided(o.choices, func(purpose string) string { return purpose })},
		Forget:  []func(context.Context, *store.Tx, keys.SubjectID) error{o.newsletter.Forget, o.help.Forget},
		Choices: o.choices,
		HasAccount: func(_ context.Context, _ *store.Tx, s keys.SubjectID) (bool, error) {
			return slices.Contains(o.accounts, s), nil
		},
		Portal: "https://portal.example/", History: o.history,
	})
	return o
}

// each runs fn for both operators on both engines.
func each(t *testing.T, fn func(*office)) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st, operator)) })
		})
	}
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) form(id string) *policy.Form {
	f, ok := o.InForce().Policy().FormByID(id)
	if !ok {
		o.t.Fatalf("no form %s", id)
	}
	return f
}

// enquire sends the contact form.
func (o *office) enquire(email, words string) {
	o.t.Helper()
	_, err := o.help.Enquire(context.Background(), support.Enquiry{Policy: 1, Form: url.Values{
		"name": {"Ann Planted"}, "email": {email}, "about": {"other"}, "message": {words},
	}})
	o.must(err)
}

// ask sends the form that asks for a link.
func (o *office) ask(email, right string) error {
	return o.desk.Ask(context.Background(), rights.Asking{Policy: 1, Form: url.Values{"email": {email}, "right": {right}}})
}

// post sends what is owed and returns it.
func (o *office) post() []mailtest.Letter {
	o.t.Helper()
	o.Work()
	return o.Office.Take()
}

var code = regexp.MustCompile(`[?&](?:token|key|code)=([A-Za-z0-9_-]{32})`)

// codeIn returns the code of the link in the letter of a kind.
func (o *office) codeIn(letters []mailtest.Letter, kind mail.Kind) string {
	o.t.Helper()
	for _, l := range letters {
		if m := code.FindStringSubmatch(l.Raw); l.Kind == kind && m != nil {
			return m[1]
		}
	}
	o.t.Fatalf("no %s with a link among %d letters", kind, len(letters))
	return ""
}

// link asks for a link and returns its code.
func (o *office) link(email string) string {
	o.t.Helper()
	o.must(o.ask(email, "access"))
	return o.codeIn(o.post(), mail.RightsLink)
}

func (o *office) enter(token string) rights.Person {
	o.t.Helper()
	l, err := o.desk.Enter(context.Background(), token)
	o.must(err)
	return l.Person
}

// copyOf returns a person's copy, checked by its schema.
func (o *office) copyOf(p rights.Person) (map[string]any, string) {
	o.t.Helper()
	var b bytes.Buffer
	_, err := o.desk.Access(context.Background(), p, &b)
	o.must(err)
	return o.valid(rights.AccessSchema, b.Bytes()), b.String()
}

// valid checks a file by a schema and returns it.
func (o *office) valid(schema, file []byte) map[string]any {
	o.t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	o.must(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	o.must(c.AddResource("file.json", doc))
	compiled, err := c.Compile("file.json")
	o.must(err)
	got, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	o.must(err)
	if err := compiled.Validate(got); err != nil {
		o.t.Fatalf("%v\n%s", err, file)
	}
	var out map[string]any
	o.must(json.Unmarshal(file, &out))
	return out
}

// everything opens every row in the store with nothing but the ring and the
// documented format, whoever it is about, and returns the values: it knows
// nothing of people, categories or what the desk does.
func (o *office) everything() (values []string) {
	o.t.Helper()
	ctx := context.Background()
	type sealed struct {
		id, key, day, version int64
		value                 []byte
		category              string
	}
	o.must(o.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT r.id, r.key_id, r.expires_day, r.sealed, l.category, l.version FROM records r JOIN labels l ON l.label = r.label WHERE r.key_id <> 0")
		if err != nil {
			return err
		}
		var all []sealed
		for rows.Next() {
			var s sealed
			if err := rows.Scan(&s.id, &s.key, &s.day, &s.value, &s.category, &s.version); err != nil {
				return err
			}
			all = append(all, s)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for _, s := range all {
			month := keys.Month(0)
			if s.day != 0 {
				month = keys.MonthOf(time.UnixMilli(s.day * 24 * 60 * 60 * 1000))
			}
			c, err := o.Ring.Opener(ctx, tx, s.key, month)
			if err != nil {
				return err
			}
			ad := binary.BigEndian.AppendUint64([]byte("candour record v1"), uint64(s.id))
			ad = binary.BigEndian.AppendUint64(ad, uint64(s.key))
			ad = append(binary.BigEndian.AppendUint32(ad, uint32(s.version)), s.category...)
			value, err := c.Open(nil, s.value, ad)
			if err != nil {
				return err
			}
			values = append(values, string(value))
		}
		return nil
	}))
	slices.Sort(values)
	return slices.Compact(values)
}

// keep does what the keeper of retention does on its beat.
func (o *office) keep() {
	o.t.Helper()
	_, err := retention.New(o.Vault, o.Now, slog.New(slog.DiscardHandler)).Once(context.Background())
	o.must(err)
}

// values are the values of a copy's records, sorted.
func values(t testing.TB, pack map[string]any) (list []string) {
	t.Helper()
	for _, r := range pack["records"].([]any) {
		if r := r.(map[string]any); r["encoding"] != "withheld" {
			list = append(list, r["value"].(string))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// plant writes a value for every purpose in every category that the policy
// declares and holds, on the surface that collects it, with every consent, for
// people who are known by the address. It returns the values.
func (o *office) plant(address string, people ...keys.SubjectID) (planted []string) {
	o.t.Helper()
	p := o.InForce().Policy()
	for _, s := range people {
		for _, q := range p.Purposes {
			for _, u := range q.Uses {
				for _, id := range u.Categories {
					k, _ := p.CategoryByID(id)
					class, _ := p.RetentionByID(u.Retention)
					if k.NotHeld || class.Event == policy.CollectedEvent && class.Period.IsZero() {
						continue // never stored
					}
					value := strings.Join([]string{"planted", q.ID, id, string(rune('a' + len(planted)%26)), "x"}, "-")
					if k.Format == "email" {
						value = address
					}
					planted = append(planted, value)
					o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
						if u.Basis == policy.Consent {
							if err := o.Vault.SetConsent(ctx, tx, s, q.ID, true); err != nil {
								return err
							}
						}
						_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: q.ID, Surface: k.Surfaces[0]},
							vault.Item{Category: id, Parts: []vault.Part{{Owner: s, Value: []byte(value)}}})
						return err
					}))
				}
			}
		}
	}
	slices.Sort(planted)
	return slices.Compact(planted)
}

func (o *office) person() (s keys.SubjectID) {
	o.t.Helper()
	o.must(o.Update(func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = o.Vault.NewSubject(ctx, tx)
		return err
	}))
	return s
}

package rights_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

// L6, R24: one value in every category that is declared and held, for two
// subjects who share an address, of whom one has an alias. The copy has them
// all, and opening every row in the store finds no more; then the same of what
// is left after an erasure.
func TestCopyIsComplete(t *testing.T) {
	each(t, func(o *office) {
		const address = "ann.planted@example.org"
		ann, again, visitor := o.person(), o.person(), o.person()
		planted := o.plant(address, ann, again)
		planted = append(planted, o.plant(address, visitor)...)
		slices.Sort(planted)
		planted = slices.Compact(planted)
		o.must(o.Update(func(ctx context.Context, tx *store.Tx) error { return o.Vault.Alias(ctx, tx, visitor, again) }))
		least := 15
		if len(planted) < least {
			o.t.Fatalf("only %d values are planted", len(planted))
		}
		pack, _ := o.copyOf(o.enter(o.link(address)))
		if got, want := values(o.t, pack), o.handed(planted); !slices.Equal(got, want) {
			o.t.Errorf("the copy has %d values, %d were planted", len(got), len(want))
		}
		if got := o.everything(); !slices.Equal(got, planted) {
			o.t.Errorf("the store holds %d values, the copy has %d", len(got), len(planted))
		}
		categories := map[string]bool{}
		for _, r := range pack["records"].([]any) {
			categories[r.(map[string]any)["category"].(string)] = true
		}
		for _, k := range o.InForce().Policy().Categories {
			if held := held(o.InForce().Policy(), k.ID); held && !categories[k.ID] {
				o.t.Errorf("nothing of %s is in the copy", k.ID)
			}
		}
	})
}

// handed is what is handed out of planted values: all but the secrets of
// sign-ins and payments, of which a copy says only that they are held.
func (o *office) handed(planted []string) []string {
	return slices.DeleteFunc(slices.Clone(planted), func(v string) bool {
		return slices.ContainsFunc(o.InForce().Policy().Categories, func(k policy.Category) bool {
			return k.Format == "token" && strings.Contains(v, "-"+k.ID+"-")
		})
	})
}

// held reports whether a purpose stores a category for any time.
func held(p *policy.Policy, category string) bool {
	k, _ := p.CategoryByID(category)
	for _, q := range p.Purposes {
		for _, u := range q.Uses {
			class, _ := p.RetentionByID(u.Retention)
			if slices.Contains(u.Categories, category) && !k.NotHeld && (class.Event != policy.CollectedEvent || !class.Period.IsZero()) {
				return true
			}
		}
	}
	return false
}

// L6: each heading of Article 15(1) and (2) is in the copy, and filled from the
// policy for what is held and from nothing else.
func TestCopySaysWhatArticle15Asks(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	const address = "ann@example.org"
	o.plant(address, o.person())
	p := o.enter(o.link(address))
	_, err := o.desk.Restrict(context.Background(), p)
	o.must(err)
	_, text := o.copyOf(p)
	for heading, want := range map[string]string{
		"confirmation": "We hold personal data about you", "purposes": `"title":"Sending and saving`, "categories": `"title":"Accessibility needs","source":"You gave it."`,
		"recipients": `"name":"Google","role":"works for us"`, "safeguard": "The UK-US data bridge", "retention": `"title":"seven years after the bill"`,
		"rights": `"id":"automated-decision-review"`, "complaint": `"website":"https://ico.org.uk/"`, "automated": "decision about you is made by a computer alone",
		"basis": `"basis":"legal obligation"`, "law": "Value Added Tax Act 1994", "decisions": `"restricted":true`, "a fact of the desk": "You used a right: Restriction",
	} {
		if heading == "purposes" { // it holds nothing, so nothing is held for it
			if strings.Contains(text, want) {
				t.Error("a purpose for which nothing is held is named")
			}
			continue
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s: %q is not in the copy", heading, want)
		}
	}

	// Somebody of whom little is held is told little.
	o.enquire("bob@example.org", "Hello")
	_, text = o.copyOf(o.enter(o.link("bob@example.org")))
	for _, not := range []string{"Google", "seven years", "planted"} {
		if strings.Contains(text, not) {
			t.Errorf("%q is in the copy of somebody of whom it is not held", not)
		}
	}
	if !strings.Contains(text, "A message of yours to our support") {
		t.Error("the ticket is not in the copy")
	}
}

// A copy that cannot be written to its end counts as none: the request stays
// open, and no evidence says that it was handed out.
func TestCopyThatIsCutShort(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := open(t, st, "invoco")
		o.enquire("ann@example.org", strings.Repeat("word ", 900))
		for range 20 {
			o.enquire("ann@example.org", strings.Repeat("word ", 900))
		}
		p := o.enter(o.link("ann@example.org"))
		r, err := o.desk.Access(context.Background(), p, brokenPipe{})
		if !errors.Is(err, errBroken) || r.Reference == "" || !r.Answered.IsZero() {
			t.Errorf("%+v, %v", r, err)
		}
		about := o.About(p.Subjects[0])
		if slices.Contains(about, "record.exported") || !slices.Contains(about, "right.requested access") || slices.Contains(about, "right.answered given") {
			t.Errorf("evidence %v", about)
		}
		if pack, _ := o.copyOf(p); len(pack["records"].([]any)) < 60 {
			t.Error("the next copy is not whole")
		}
		if about := o.About(p.Subjects[0]); !slices.Contains(about, "record.exported") || !slices.Contains(about, "right.answered given") {
			t.Errorf("evidence %v", about)
		}
	})
}

var errBroken = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

// L10: what the person gave or we saw, on consent or contract, and nothing
// else; both files say the same.
func TestPortability(t *testing.T) {
	each(t, func(o *office) {
		ctx, address := context.Background(), "ann.planted@example.org"
		planted := o.plant(address, o.person())
		p := o.enter(o.link(address))
		var asJSON, asCSV bytes.Buffer
		_, err := o.desk.Portability(ctx, p, rights.JSON, &asJSON)
		o.must(err)
		_, err = o.desk.Portability(ctx, p, rights.CSV, &asCSV)
		o.must(err)
		got := values(o.t, o.valid(rights.PortabilitySchema, asJSON.Bytes()))
		var want []string
		declared := o.InForce().Policy()
		for _, q := range declared.Purposes {
			for _, u := range q.Uses {
				for _, id := range u.Categories {
					k, _ := declared.CategoryByID(id)
					ported := k.Format != "token" && (k.Source == "given" || k.Source == "observed") && (u.Basis == policy.Consent || u.Basis == policy.Contract)
					for _, v := range planted {
						if ported && strings.HasPrefix(v, "planted-"+q.ID+"-"+id+"-") && held(declared, id) || ported && k.Format == "email" && v == address {
							want = append(want, v)
						}
					}
				}
			}
		}
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(got, want) {
			o.t.Errorf("%d values are taken along, want %d\n%v\n%v", len(got), len(want), got, want)
		}
		lines, err := csv.NewReader(&asCSV).ReadAll()
		o.must(err)
		var listed []string
		for _, l := range lines[1:] {
			listed = append(listed, l[5])
		}
		slices.Sort(listed)
		if listed = slices.Compact(listed); !slices.Equal(listed, want) {
			o.t.Errorf("the table has %d values, want %d", len(listed), len(want))
		}
	})
}

// The page shows the newest of each category and says how many there are (R24).
func TestViewIsBounded(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	s := o.person()
	o.plant("ann@example.org", s)
	for i := range 3 {
		var items []vault.Item
		for j := range 40 {
			items = append(items, vault.Item{Category: "person.demographics", Collected: o.Now().Add(time.Duration(40*i+j) * time.Second), Parts: []vault.Part{{Owner: s, Value: []byte("fact " + time.Duration(40*i+j).String())}}})
		}
		o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
			_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "personalise-sites", Surface: "portal"}, items...)
			return err
		}))
	}
	v, err := o.desk.View(context.Background(), o.enter(o.link("ann@example.org")))
	o.must(err)
	for _, g := range v.Groups {
		if g.Category.ID != "person.demographics" {
			continue
		}
		if len(g.Items) != rights.ShownRecords || g.Category.Count != 122 || g.More != 102 || g.Items[0].Value != "fact 119ns" {
			t.Errorf("%d shown of %d, %d more, newest %s", len(g.Items), g.Category.Count, g.More, g.Items[0].Value)
		}
	}
	if v.Records < 122 || v.Request.Reference == "" {
		t.Errorf("%d records", v.Records)
	}
}

// What cannot be text is handed out all the same.
func TestCopyOfWhatIsNoText(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	s := o.person()
	o.plant("ann@example.org", s)
	o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
		_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "call-recording", Surface: "portal"},
			vault.Item{Category: "call.recording", Parts: []vault.Part{{Owner: s, Value: []byte{0xff, 0x00, 0xfe}}}})
		return err
	}))
	if _, text := o.copyOf(o.enter(o.link("ann@example.org"))); !strings.Contains(text, `"encoding":"base64","value":"/wD+"`) {
		t.Error("bytes are not in the copy")
	}
}

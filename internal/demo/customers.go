package demo

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/profile"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/policy"
)

// madeUp are names that say what they are.
var madeUp = []string{
	"Ann Example", "Bea Sample", "Cal Specimen", "Dee Pretend", "Eli Placeholder", "Fay Madeup", "Gus Fictive", "Hal Notreal", "Ivy Invented",
}

var (
	facts = []string{"Bookseller", "Office manager", "Baker", "Surveyor", "Piano tuner", "Vet"}
	asked = []string{"Is there fibre in my street yet?", "My line crackles when it rains.", "Could I have a second number?", "How do I forward calls while I am away?"}
)

// customers come one after the other, and some years happen to them.
func (f *filler) customers(ctx context.Context) error {
	for i, name := range madeUp {
		began := 20 + i*90
		f.day(began)
		p, err := f.open(ctx, identity.CustomerAdministrator, name)
		if err != nil {
			return err
		}
		if i == 0 {
			f.first = p.session.Account.Company
		}
		if i < customerLines {
			if err := f.line(ctx, p); err != nil {
				return err
			}
		}
		if err := f.settle(ctx, i, p); err != nil {
			return err
		}
		if err := f.years(ctx, i, began, p); err != nil {
			return err
		}
	}
	return nil
}

// settle is what somebody tells on the first day.
func (f *filler) settle(ctx context.Context, i int, p person) error {
	if err := f.tell(ctx, p, profile.Details, i); err != nil {
		return err
	}
	if i%3 == 0 {
		return f.tell(ctx, p, profile.AboutMe, i)
	}
	return nil
}

// years are what happens to somebody: choices, questions, looks, and for some
// of them a right.
func (f *filler) years(ctx context.Context, i, began int, p person) error {
	type event struct {
		after int // days
		do    func() error
	}
	events := []event{
		{10, func() error { return f.decide(ctx, p, "news", true) }},
		{30, func() error { return f.ask(ctx, i, p) }},
		{31, func() error { return f.look(ctx, p, "support") }},
		{90, func() error { return f.decide(ctx, p, "direct-marketing", i%2 == 0, "email", "telephone") }},
		{150, func() error { return f.decide(ctx, p, "similar-offers", false) }},
		{200, func() error { return f.look(ctx, p, "dpo") }},
		{260, func() error { return f.decide(ctx, p, "direct-marketing", false) }},
		{330, func() error { return f.decide(ctx, p, "news", i%3 != 0) }},
	}
	switch i {
	case 2:
		events = append(events, event{340, func() error { return f.right(ctx, p, f.Rights.Restrict) }})
	case 4:
		events = append(events, event{341, func() error { return f.shut(ctx, p) }})
	}
	for _, e := range events {
		if at := f.begun.AddDate(0, 0, began+e.after); at.After(time.Now()) {
			break
		}
		f.day(began + e.after)
		if err := e.do(); err != nil {
			return err
		}
		if err := f.Mail(ctx); err != nil { // before the clock moves on, and it is too late
			return err
		}
	}
	return nil
}

// ask has somebody write to us.
func (f *filler) ask(ctx context.Context, i int, p person) error {
	form, ok := f.InForce().Policy().FormByID("contact")
	if !ok {
		return nil
	}
	pol := f.InForce().Policy()
	_, err := f.Support.Enquire(ctx, support.Enquiry{Surface: form.Surfaces[0], Policy: pol.Version, Form: Answers(pol, form, i, p.name, p.email)})
	return err
}

// Answers fills a declared form in as somebody made up, by what its fields are
// declared to ask. i is which of them; what is optional is filled in for the
// even ones.
func Answers(p *policy.Policy, form *policy.Form, i int, name, email string) url.Values {
	values := url.Values{}
	for _, field := range form.Fields {
		k, personal := p.CategoryByID(field.Category)
		switch {
		case len(field.Options) > 0:
			values.Set(field.Name, field.Options[i%len(field.Options)].Value)
		case !personal || field.Optional && i%2 == 1 && k.Format != "telephone":
		case k.Format == "email":
			values.Set(field.Name, email)
		case k.Format == "telephone":
			values.Set(field.Name, fmt.Sprintf("01632 960 %03d", 100+i))
		case k.Format == "postcode":
			values.Set(field.Name, fmt.Sprintf("ZZ%d 9ZZ", 1+i))
		case k.Format == "address":
			values.Set(field.Name, fmt.Sprintf("%d Example Road\nNowhere", 1+i))
		case field.Name == "message":
			values.Set(field.Name, asked[i%len(asked)])
		case k.ID == "business.name":
			values.Set(field.Name, name+" Ltd")
		case strings.HasSuffix(k.ID, ".name"):
			values.Set(field.Name, name)
		default:
			values.Set(field.Name, facts[i%len(facts)])
		}
	}
	return values
}

// right has somebody use a right.
func (f *filler) right(ctx context.Context, p person, act func(context.Context, rights.Person) (rights.Request, error)) error {
	form, ok := f.InForce().Policy().FormByID(rights.FormID)
	if !ok {
		return nil
	}
	a := p.session.Access(form.Purpose)
	_, err := act(ctx, rights.Person{Subjects: []keys.SubjectID{p.session.Account.Subject}, Access: a, Way: rights.ByPortal})
	return err
}

// shut has somebody shut staff out.
func (f *filler) shut(ctx context.Context, p person) error {
	return f.Store.Update(ctx, func(tx *store.Tx) error {
		return f.Vault.ShutOut(ctx, tx, p.session.Access(f.purpose()), p.session.Account.Subject, "staff")
	})
}

// firm adds a user to the first customer's firm.
func (f *filler) firm(ctx context.Context) error {
	f.day(700)
	f.company = f.first
	p, err := f.open(ctx, identity.CustomerUser, "Una User")
	if err != nil {
		return err
	}
	return f.line(ctx, p)
}

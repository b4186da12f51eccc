package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"candour/internal/evidence"
	"candour/internal/folder"
	"candour/internal/mail"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/vault"
)

// engineer is the actor of the policy in whose name commands on a person act.
const engineer = "engineer"

// ExportCmd writes a copy of everything held about a person.
type ExportCmd struct {
	Email   string `required:"" help:"E-mail address that the person is known by." placeholder:"ADDRESS"`
	Purpose string `required:"" help:"Purpose of the policy that you act for; its engineer must be allowed to." placeholder:"PURPOSE"`
	Out     string `help:"File to write, which must not be there yet." placeholder:"FILE" default:"candour-export.json"`
	Data    string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

type personArgs struct{ Email, Purpose, Out string }

// personAnswer names nobody.
type personAnswer struct {
	Reference string
	Kept      []string // how long what a law keeps is kept, and which law
}

// Run prints the reference of the request. The file is for its owner alone.
func (c *ExportCmd) Run(ctx context.Context, out io.Writer) error {
	file, err := filepath.Abs(c.Out)
	if err != nil {
		return err
	}
	var got personAnswer
	if err := perform(ctx, folder.Folder(c.Data), "export", personArgs{c.Email, c.Purpose, file}, &got); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\nrequest %s: a copy of everything held, by the schema at /your-data/access.schema.json of the website; hand it over, then delete it\n", file, got.Reference)
	return err
}

// export writes the copy from the process that has the folder, so that it goes
// through no other.
func (a *app) export(ctx context.Context, args personArgs) (_ any, err error) {
	desks, err := a.desksNow()
	if err != nil {
		return nil, err
	}
	p, err := a.person(ctx, desks, args)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(args.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the copy cannot be written: %w; give another file with --out", err)
	}
	r, err := desks.rights.Access(ctx, p, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(args.Out)) // half a copy is none
	}
	return personAnswer{Reference: r.Reference}, nil
}

// EraseCmd erases a person.
type EraseCmd struct {
	Email   string `required:"" help:"E-mail address that the person is known by." placeholder:"ADDRESS"`
	Purpose string `required:"" help:"Purpose of the policy that you act for; its engineer must be allowed to." placeholder:"PURPOSE"`
	Data    string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Run prints the reference of the request, and what a law keeps.
func (c *EraseCmd) Run(ctx context.Context, out io.Writer) error {
	var got personAnswer
	if err := perform(ctx, folder.Folder(c.Data), "erase", personArgs{Email: c.Email, Purpose: c.Purpose}, &got); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "request %s: erased; nothing of it opens any more, and the receipt is complete after the next rotation of keys\n", got.Reference)
	for _, k := range got.Kept {
		fmt.Fprintf(&b, "kept %s\n", k)
	}
	if len(got.Kept) == 0 {
		b.WriteString("no law keeps any of it\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (a *app) erase(ctx context.Context, args personArgs) (any, error) {
	desks, err := a.desksNow()
	if err != nil {
		return nil, err
	}
	p, err := a.person(ctx, desks, args)
	if err != nil {
		return nil, err
	}
	made, err := desks.rights.Erase(ctx, p)
	if errors.Is(err, rights.ErrNothing) {
		return nil, errors.New("nothing is left to erase: what is held is kept by law, or is the note of an erasure")
	}
	if err != nil {
		return nil, err
	}
	answer := personAnswer{Reference: made.Reference}
	for _, k := range made.Kept {
		answer.Kept = append(answer.Kept, k.Title+" ("+strings.Join(k.Law, "; ")+")")
	}
	// The rest of the stages is owed and will be done; this is to have the keys
	// out of the database's log when the command returns.
	if err := a.vault.Purge(ctx); err != nil && !errors.Is(err, store.ErrLogBusy) {
		return nil, err
	}
	return answer, nil
}

// person finds whom an address leads to, for a purpose that the engineer may
// act for. No error quotes the address.
func (a *app) person(ctx context.Context, desks *desks, args personArgs) (rights.Person, error) {
	p := rights.Person{Access: vault.Access{Actor: engineer, Purpose: args.Purpose, Surface: a.desk()}, Way: rights.ByCommand}
	address, err := mail.ParseAddress(args.Email)
	if err != nil {
		return p, fmt.Errorf("--email: %w", err)
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		p.Subjects, err = desks.rights.Find(ctx, tx, p.Access, address.Reveal())
		return err
	})
	if err := a.searched(ctx, p, err); err != nil {
		return p, err
	}
	switch {
	case errors.Is(err, rights.ErrActor):
		return p, a.notFor(args.Purpose)
	case errors.Is(err, vault.ErrPurpose):
		return p, fmt.Errorf("the purpose %s uses no e-mail address, so nobody can be found for it by one; give one that does", args.Purpose)
	case err != nil:
		return p, err
	case len(p.Subjects) == 0:
		return p, errors.New("nothing is held that is found by this address")
	}
	return p, nil
}

// searched leaves an entry of evidence where a command finds nobody, or may not
// look, as the console does. It holds nothing of the address.
func (a *app) searched(ctx context.Context, p rights.Person, failed error) error {
	body := evidence.Body{Kind: evidence.SearchEmpty, At: a.now(), Surface: p.Access.Surface, Code: "email", Policy: a.inForce().Policy().Version}
	switch {
	case errors.Is(failed, rights.ErrActor), errors.Is(failed, vault.ErrPurpose):
		body.Kind = evidence.SearchRefused
	case failed != nil || len(p.Subjects) > 0:
		return nil
	}
	if _, ok := a.inForce().Actor(engineer); ok {
		body.Actor = engineer
	}
	if _, ok := a.inForce().Purpose(p.Access.Purpose); ok {
		body.Purpose = p.Access.Purpose
	}
	return a.store.Update(ctx, func(tx *store.Tx) error {
		_, err := a.evidence.Append(ctx, tx, body)
		return err
	})
}

// notFor says for which purposes the engineer may act.
func (a *app) notFor(purpose string) error {
	p := a.inForce().Policy()
	if err := a.hasEngineer(); err != nil {
		return err
	}
	actor, _ := p.ActorByID(engineer)
	allowed := slices.Sorted(slices.Values(actor.Purposes))
	if _, ok := p.PurposeByID(purpose); !ok {
		// It may be a mistyped word, or anything else: it is not repeated.
		return fmt.Errorf("--purpose is none of the policy's; the engineer may act for: %s", strings.Join(allowed, ", "))
	}
	return fmt.Errorf("the policy does not let the engineer act for %s; it allows: %s", purpose, strings.Join(allowed, ", "))
}

// hasEngineer refuses to act in the name of an actor that the policy lacks.
func (a *app) hasEngineer() error {
	if _, ok := a.inForce().Policy().ActorByID(engineer); !ok {
		return errors.New("the policy declares no actor " + engineer + ", in whose name this command acts")
	}
	return nil
}

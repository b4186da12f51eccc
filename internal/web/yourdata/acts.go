package yourdata

import (
	"context"
	"net/http"

	"candour/internal/rights"
	"candour/internal/web"
)

// Act is something that a holder does with one button: its path below the
// holder's base, and its handler.
type Act struct {
	Path string
	Do   Acting
}

// Decisions are the acts that decide something and can be taken back.
func (p *Pages) Decisions() []Act {
	return []Act{
		{"restrict", p.deciding(p.Rights.Restrict, "We no longer use your data",
			"We keep it and do nothing else with it, until you tell us that we may.", "What the law makes us do goes on, and so do answers to what you ask.")},
		{"lift", p.deciding(p.Rights.Lift, "We may use your data again", "The restriction is lifted, because you said so.")},
		{"object/{purpose}", p.aboutPurpose(p.object(true), "We have stopped", "your objection holds from now on.")},
		{"allow/{purpose}", p.aboutPurpose(p.object(false), "Your objection is taken back", "we may go on.")},
		{"withdraw/{purpose}", p.aboutPurpose(p.Rights.Withdraw, "Your yes is taken back", "it has stopped. What we held for it alone is erased.")},
	}
}

// done answers that something was done.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, b *Holder, made rights.Request, heading string, words ...string) error {
	page := Done{Base: p.Base(r, heading, ""), Heading: heading, Words: words, Reference: made.Reference, Back: &b.Back}
	p.Render(w, r, http.StatusOK, "your_data_done", page)
	return nil
}

// deciding is the handler of a decision about everything.
func (p *Pages) deciding(decide func(context.Context, rights.Person) (rights.Request, error), heading string, words ...string) Acting {
	return func(w http.ResponseWriter, r *http.Request, b *Holder) error {
		made, err := decide(r.Context(), b.Person)
		if err != nil {
			return err
		}
		return p.done(w, r, b, made, heading, words...)
	}
}

// aboutPurpose is the handler of a decision about the purpose in the path.
func (p *Pages) aboutPurpose(decide func(context.Context, rights.Person, string) (rights.Request, error), heading, words string) Acting {
	return func(w http.ResponseWriter, r *http.Request, b *Holder) error {
		purpose := r.PathValue("purpose")
		made, err := decide(r.Context(), b.Person, purpose)
		if err != nil {
			return err
		}
		title := purpose
		if q, ok := web.VisitOf(r).Policy().PurposeByID(purpose); ok {
			title = q.Title
		}
		return p.done(w, r, b, made, heading, title+": "+words)
	}
}

func (p *Pages) object(stands bool) func(context.Context, rights.Person, string) (rights.Request, error) {
	return func(ctx context.Context, who rights.Person, purpose string) (rights.Request, error) {
		return p.Rights.Object(ctx, who, purpose, stands)
	}
}

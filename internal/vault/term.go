package vault

import (
	"strings"
	"time"

	"candour/policy"
)

// term is how long a copy of a record is kept, whole: a key's class spells it,
// so that it holds whatever later versions of the policy say, and a class that
// a later version redefines gets keys of its own.
type term struct {
	ID        string // retention class
	Event     string
	Period    policy.Period
	Limit     policy.Period
	Anonymise bool
	Law       bool // the basis is a legal obligation: an erasure leaves it (UK GDPR Art 17(3)(b))
	Named     bool // it only names its person in what somebody else told, and that goes on (see named)
}

func termOf(r *policy.Retention, b policy.Basis) term {
	return term{r.ID, r.Event, r.Period, r.Limit, r.Then == "anonymise", b == policy.LegalObligation, false}
}

// named is the term of a part that only names its person, for a purpose that the
// policy has go on though they restrict it, because of others' rights or claims:
// it belongs to what somebody else told us, so that an erasure of the person who
// is named leaves it until its day (UK GDPR Art 17(3)(e) and 18(2)).
func (t term) named() term {
	t.Named = !t.Law
	return t
}

// class spells the term in one string of six fields.
func (t term) class() string {
	then, law := "erase", "any"
	if t.Anonymise {
		then = "anonymise"
	}
	switch {
	case t.Law:
		law = "law"
	case t.Named:
		law = "named"
	}
	return strings.Join([]string{t.ID, t.Event, t.Period.String(), t.Limit.String(), then, law}, " ")
}

// parseTerm reads a class. False for a class that is no term, such as that of
// the evidence.
func parseTerm(class string) (term, bool) {
	f := strings.Split(class, " ")
	if len(f) != 6 {
		return term{}, false
	}
	period, err := policy.ParsePeriod(f[2])
	limit, lerr := policy.ParsePeriod(f[3])
	if err != nil || lerr != nil {
		return term{}, false
	}
	t := term{f[0], f[1], period, limit, f[4] == "anonymise", f[5] == "law", f[5] == "named"}
	return t, t.class() == class
}

// expires returns the first day on which a record of this time of collection
// is gone, or 0 where that hangs on an event alone.
func (t term) expires(collected time.Time) int64 {
	switch {
	case t.Event == policy.CollectedEvent:
		return dayAfter(t.Period.From(collected.UTC()))
	case !t.Limit.IsZero():
		return dayAfter(t.Limit.From(collected.UTC()))
	}
	return 0
}

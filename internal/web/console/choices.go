package console

import (
	"slices"
	"sort"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// decision is one point in the history of a purpose.
type decision struct {
	at      time.Time
	purpose string
	what    outcome
}

// outcome is what was decided.
type outcome string

const (
	outcomeGiven     outcome = "given"
	outcomeDeclined  outcome = "declined"
	outcomeWithdrawn outcome = "withdrawn"
	outcomeObjected  outcome = "objected"
	outcomeResumed   outcome = "resumed" // a no was taken back
)

var outcomeWords = map[outcome]string{
	outcomeGiven: "Agreed", outcomeDeclined: "Refused", outcomeWithdrawn: "Withdrew", outcomeObjected: "Objected", outcomeResumed: "Took the no back",
}

// outcomeSpan is how a stretch after a decision is drawn; after a no that was
// taken back there is nothing to draw.
var outcomeSpan = map[outcome]Span{
	outcomeGiven:    {Height: 20, Class: "given"},
	outcomeDeclined: {Y: 13, Height: 7, Class: "no"}, outcomeWithdrawn: {Y: 13, Height: 7, Class: "no"},
	outcomeObjected: {Y: 13, Height: 7, Class: "objected"},
}

// Bounds of how far back a person's entries are looked through for decisions.
const (
	choiceBatch  = 200
	choiceRounds = 20
)

// choices is what a person decided about the purposes that the role works for,
// or about all, for whoever must show what was chosen; nil for no purpose.
// Nothing else of their history is for staff.
func (l *look) choices(tx *store.Tx, group []keys.SubjectID) (*Timeline, error) {
	f, ok := l.policy.FormByID(choiceForm)
	all := ok && f.Purpose == l.purpose.ID
	c := l.InForce().Compiled
	var list []decision
	for before, round := int64(0), 0; round < choiceRounds; round++ {
		entries, next, err := l.Evidence.AboutGroup(l.ctx, tx, group, before, choiceBatch)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			for _, d := range decisions(e.Body) {
				if _, declared := l.policy.PurposeByID(d.purpose); declared && (all || acts(c, l.me.Account.Role, d.purpose)) {
					list = append(list, d)
				}
			}
		}
		if next == 0 {
			break
		}
		before = next
	}
	return timeline(l.policy, list, l.Now()), nil
}

// decisions are what an entry says about purposes.
func decisions(b evidence.Body) (list []decision) {
	switch b.Kind {
	case evidence.SubjectObjected:
		what := outcomeObjected
		if b.Code != "raised" {
			what = outcomeResumed
		}
		return []decision{{b.At, b.Purpose, what}}
	case evidence.NewsletterConfirmed:
		return []decision{{b.At, b.Purpose, outcomeGiven}}
	case evidence.NewsletterEnded:
		return []decision{{b.At, b.Purpose, outcomeWithdrawn}}
	case evidence.ConsentDecided:
	default:
		return nil
	}
	if _, known := outcomeWords[outcome(b.Code)]; known {
		return []decision{{b.At, b.Purpose, outcome(b.Code)}}
	}
	for id, yes := range b.Choices {
		what := outcomeDeclined
		if yes {
			what = outcomeGiven
		}
		list = append(list, decision{b.At, id, what})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].purpose < list[j].purpose })
	return list
}

// whole is the width of a timeline.
const whole = 1000

// timeline draws decisions, given in any order; nil if there are none.
func timeline(p *policy.Policy, list []decision, now time.Time) *Timeline {
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b decision) int { return a.at.Compare(b.at) })
	list = slices.CompactFunc(list, func(a, b decision) bool { // an objection is an entry of the vault and one of the desk
		return a.purpose == b.purpose && a.what == b.what && b.at.Sub(a.at) < time.Second
	})
	first := list[0].at
	// A stretch of less than a day would be all of the picture.
	length := max(now.Sub(first), 24*time.Hour)
	at := func(t time.Time) int { return int(whole * t.Sub(first).Minutes() / length.Minutes()) } // in nanoseconds, years times a thousand are too many
	out := &Timeline{From: first.In(policy.London).Format(days), To: now.In(policy.London).Format(days)}
	for _, q := range p.Purposes {
		var own []decision
		for _, d := range list {
			if d.purpose == q.ID {
				own = append(own, d)
			}
		}
		if len(own) == 0 {
			continue
		}
		row := TimelineRow{Title: q.Title, Now: outcomeWords[own[len(own)-1].what]}
		for i, d := range own {
			end := whole
			if i+1 < len(own) {
				end = at(own[i+1].at)
			}
			if s, drawn := outcomeSpan[d.what]; drawn {
				s.X, s.Width = min(at(d.at), whole-spanLeast), max(end-at(d.at), spanLeast)
				row.Spans = append(row.Spans, s)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	for _, d := range slices.Backward(list) {
		q, _ := p.PurposeByID(d.purpose)
		out.Table = append(out.Table, DecisionView{d.at.In(policy.London).Format(minutes), q.Title, outcomeWords[d.what]})
	}
	return out
}

// spanLeast is how wide the shortest stretch is drawn, so that it is seen.
const spanLeast = 6

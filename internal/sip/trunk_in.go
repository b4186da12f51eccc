package sip

import (
	"context"
	"strings"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/telecom"
)

// enterHouse decides on a call that a trunk brings: whom it is for, who calls, and
// whether the desk lets it through. Only then anything rings.
func (c *call) enterHouse(in *incoming) {
	if _, short := sessionTime(in); short {
		c.final(422, []sipgo.Header{minSE()})
		c.finish()
		return
	}
	if err := c.letIn(in); err != nil {
		v, known := refusal(err)
		if !known {
			c.s.Log.Error("a call of a trunk could not be begun", "trunk", in.flow.carrier.ID, "error", err)
		}
		c.end(v)
		return
	}
	c.phase = ringing
	c.ring()
	c.show()
}

// letIn asks the desk.
func (c *call) letIn(in *incoming) error {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	t := in.flow.carrier
	number := t.meant(in)
	if len(t.Numbers) == 0 || !t.Brings(number) {
		return c.s.Desk.Refused(telecom.NoSuch)
	}
	who, err := c.s.Desk.Identify(presentedBy(in, t))
	if err != nil {
		return err
	}
	to, err := c.s.Desk.Reached(ctx, number)
	if err != nil {
		return err
	}
	if c.a.media, err = c.s.accept(ctx, in); err != nil {
		return err
	}
	c.to = to
	c.record, err = c.s.Desk.Begin(ctx, telecom.Start{Outside: &who, To: to, Video: hasVideo(string(in.Body()))})
	if err == nil {
		c.who, c.a.hidden = &who, who.Withheld
		c.state.Store(&CallState{To: to, Since: c.s.Now().UnixMilli()})
	}
	return err
}

// meant is the number that a call is for: where the request goes, unless that is
// the Contact that we registered.
func (t *carrier) meant(in *incoming) string {
	user := in.Recipient.User
	if user == t.user || user == "" || t.Register != nil && user == t.Register.Username {
		user = in.To().Address.User
	}
	return numberOf(user)
}

// numberOf is a number as networks write it, in the form of E.164; "" for what is no
// number.
func numberOf(user string) string {
	user, _, _ = strings.Cut(user, ";")
	if e164, err := telecom.E164(user); err == nil {
		return e164
	}
	if strings.HasPrefix(user, "+") || strings.HasPrefix(user, "0") {
		return ""
	}
	e164, err := telecom.E164("+" + user)
	if err != nil {
		return ""
	}
	return e164
}

// presentedBy is who calls, as the trunk says it.
func presentedBy(in *incoming, t *carrier) telecom.Presented {
	p := telecom.Presented{Abroad: t.Abroad}
	for _, h := range headers(in, "p-asserted-identity") { // RFC 3325 9.1: one, or two of which one is tel
		if user, ok := userOf(h.Value()); ok && p.Network == "" {
			p.Network = spelled(user)
		}
	}
	from := in.From().Address
	p.Withheld = lists(in, "privacy", "id") || lists(in, "privacy", "user") || lists(in, "privacy", "header") ||
		strings.EqualFold(from.Host, "anonymous.invalid") || strings.EqualFold(from.User, "anonymous")
	if !p.Withheld {
		p.Shown = spelled(from.User)
	}
	return p
}

// spelled is a number with its plus if it is one, else as it was written: an
// invalid one is refused as such.
func spelled(user string) string {
	if number := numberOf(user); number != "" {
		return number
	}
	return user
}

// userOf finds the user of the first address in a header.
func userOf(v string) (string, bool) {
	if _, rest, ok := strings.Cut(v, "<"); ok {
		v, _, _ = strings.Cut(rest, ">")
	}
	scheme, rest, ok := strings.Cut(strings.TrimSpace(v), ":")
	if !ok || len(rest) > maxParam {
		return "", false
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips":
		user, _, at := strings.Cut(rest, "@")
		return user, at && user != ""
	case "tel":
		user, _, _ := strings.Cut(rest, ";")
		return user, user != ""
	}
	return "", false
}

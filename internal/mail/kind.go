package mail

import "time"

// Kind is what a mail is for. The set is closed: the code of a kind stands in
// the queue, in the evidence and in metrics.
type Kind string

// The kinds of mail.
const (
	EnquiryReceived   Kind = "enquiry.received"   // to whoever wrote to us
	NewsletterConfirm Kind = "newsletter.confirm" // to an address signed up, before anything else is sent to it
	NewsletterAlready Kind = "newsletter.already" // to an address signed up again
	NewsletterWelcome Kind = "newsletter.welcome" // the first newsletter mail, once the address is confirmed
)

// Nature tells service mail, which answers what a person did, from marketing,
// which needs their standing permission (PECR 2003 regulation 22).
type Nature string

// The natures of mail.
const (
	Service   Nature = "service"
	Marketing Nature = "marketing"
)

// kinds declares every kind once. list marks newsletter mail, which carries
// the one-click way out in its headers even where it is service mail.
var kinds = map[Kind]struct {
	nature   Nature
	list     bool
	template string
}{
	EnquiryReceived:   {Service, false, "enquiry_received"},
	NewsletterConfirm: {Service, false, "newsletter_confirm"},
	NewsletterAlready: {Service, true, "newsletter_already"},
	NewsletterWelcome: {Marketing, true, "newsletter_welcome"},
}

// Kinds returns all kinds of mail, in no particular order.
func Kinds() []Kind {
	all := make([]Kind, 0, len(kinds))
	for k := range kinds {
		all = append(all, k)
	}
	return all
}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { _, ok := kinds[k]; return ok }

// Nature returns whether the kind is service or marketing. An unknown kind
// counts as marketing, the stricter of the two.
func (k Kind) Nature() Nature {
	if d, ok := kinds[k]; ok {
		return d.nature
	}
	return Marketing
}

// Content is what one kind of mail says beyond what is the same for every
// recipient. None of it is what a person typed: our forms must not carry
// somebody's words to an address that somebody else owns.
type Content interface {
	Kind() Kind
	way() string // address of the one-click way out; empty if the kind has none
}

// Acknowledgement is the content of EnquiryReceived.
type Acknowledgement struct {
	Reference string // of the ticket
	About     string // the chosen subject, as the policy words it; may be empty
	Rights    bool   // the data rights desk has it
	Complaint bool   // it reads as a complaint about personal data
}

// Confirmation is the content of NewsletterConfirm.
type Confirmation struct {
	Confirm string    // address of the page with the button
	Until   time.Time // the address is erased then, unless it is confirmed
}

// Already is the content of NewsletterAlready.
type Already struct{ Leave string }

// Welcome is the content of NewsletterWelcome.
type Welcome struct{ Leave string }

// Kind returns EnquiryReceived.
func (Acknowledgement) Kind() Kind { return EnquiryReceived }

// Kind returns NewsletterConfirm.
func (Confirmation) Kind() Kind { return NewsletterConfirm }

// Kind returns NewsletterAlready.
func (Already) Kind() Kind { return NewsletterAlready }

// Kind returns NewsletterWelcome.
func (Welcome) Kind() Kind { return NewsletterWelcome }

func (Acknowledgement) way() string { return "" }
func (Confirmation) way() string    { return "" }
func (a Already) way() string       { return a.Leave }
func (w Welcome) way() string       { return w.Leave }

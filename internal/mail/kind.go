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
	RightsLink        Kind = "rights.link"        // to an address that was asked about: the link to what is held
	RightsNothing     Kind = "rights.nothing"     // the same, where nothing is held
	RightsPortal      Kind = "rights.portal"      // the same, where an account is the way
	RightsErased      Kind = "rights.erased"      // an erasure was made
	ComplaintReceived Kind = "complaint.received" // acknowledges a complaint about personal data
)

// The kinds of mail about accounts. Those that end in what was done tell their
// person of it, so that a stranger in the account is noticed.
const (
	AccountSignUp         Kind = "account.sign-up"         // to an address that asked for an account
	AccountKnown          Kind = "account.known"           // to one that has an account already
	AccountInvited        Kind = "account.invited"         // to one that somebody else asked for
	AccountReset          Kind = "account.reset"           // a forgotten password
	AccountUnlock         Kind = "account.unlock"          // others guessed too often
	AccountAddressNew     Kind = "account.address-new"     // to confirm another address, at that address
	AccountAddressOld     Kind = "account.address-old"     // and at the one that signs in
	AccountAddressTaken   Kind = "account.address-taken"   // to an address that somebody else's account asked for
	AccountAddressChanged Kind = "account.address-changed" // to the old one, afterwards

	AccountPasswordChanged      Kind = "account.password-changed"
	AccountPasskeyAdded         Kind = "account.passkey-added"
	AccountPasskeyRemoved       Kind = "account.passkey-removed"
	AccountAuthenticatorAdded   Kind = "account.authenticator-added"
	AccountAuthenticatorRemoved Kind = "account.authenticator-removed"
	AccountRecoveryRenewed      Kind = "account.recovery-renewed"
	AccountRecoveryUsed         Kind = "account.recovery-used"
	AccountPhoneAdded           Kind = "account.phone-added" // to its line
	VoicemailWaiting            Kind = "voicemail.waiting"   // a caller left a message; to whoever chose to be told
	VoicemailFilling            Kind = "voicemail.filling"   // there is little room for messages; to whom they are left for
	VoicemailFull               Kind = "voicemail.full"      // there is none
	AccountClosed               Kind = "account.closed"
	AccountSignedOut            Kind = "account.signed-out" // everywhere, by somebody else
	AccountAppointed            Kind = "account.appointed"  // to who was made an administrator of their firm

	AccountRecoverAsked   Kind = "account.recover-asked"   // somebody lost their second factor
	AccountRecoverBegun   Kind = "account.recover-begun"   // and waits for it to be removed
	AccountRecoverReady   Kind = "account.recover-ready"   // the wait is over
	AccountRecoverStopped Kind = "account.recover-stopped" // it was stopped
	AccountRecoverOffered Kind = "account.recover-offered" // an engineer let a member of staff do it at once
	AccountRecovered      Kind = "account.recovered"       // the factors were removed
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
// the one-click way out in its headers even where it is service mail; own, what
// its reader just asked for or did to their own account, which goes out also
// while they have other use of the address restricted (UK GDPR Art 18(2)).
var kinds = map[Kind]struct {
	nature   Nature
	list     bool
	own      bool
	template string
}{
	EnquiryReceived:   {Service, false, false, "enquiry_received"},
	NewsletterConfirm: {Service, false, false, "newsletter_confirm"},
	NewsletterAlready: {Service, true, false, "newsletter_already"},
	NewsletterWelcome: {Marketing, true, false, "newsletter_welcome"},

	AccountSignUp:         {Service, false, true, "account_sign_up"},
	AccountKnown:          {Service, false, true, "account_known"},
	AccountInvited:        {Service, false, true, "account_invited"},
	AccountReset:          {Service, false, true, "account_reset"},
	AccountUnlock:         {Service, false, true, "account_unlock"},
	AccountAddressNew:     {Service, false, true, "account_address_new"},
	AccountAddressOld:     {Service, false, true, "account_address_old"},
	AccountAddressTaken:   {Service, false, true, "account_address_taken"},
	AccountAddressChanged: {Service, false, true, changedTemplate},

	AccountPasswordChanged:      {Service, false, true, changedTemplate},
	AccountPasskeyAdded:         {Service, false, true, changedTemplate},
	AccountPasskeyRemoved:       {Service, false, true, changedTemplate},
	AccountAuthenticatorAdded:   {Service, false, true, changedTemplate},
	AccountAuthenticatorRemoved: {Service, false, true, changedTemplate},
	AccountRecoveryRenewed:      {Service, false, true, changedTemplate},
	AccountRecoveryUsed:         {Service, false, true, changedTemplate},
	AccountPhoneAdded:           {Service, false, true, changedTemplate},
	VoicemailWaiting:            {Service, false, false, "voicemail_waiting"},
	VoicemailFilling:            {Service, false, false, "voicemail_room"},
	VoicemailFull:               {Service, false, false, "voicemail_room"},
	AccountClosed:               {Service, false, true, changedTemplate},
	AccountSignedOut:            {Service, false, true, "account_signed_out"},
	AccountRecoverAsked:         {Service, false, true, "account_recover_asked"},
	AccountRecoverBegun:         {Service, false, true, "account_recover_begun"},
	AccountRecoverReady:         {Service, false, true, "account_recover_ready"},
	AccountRecoverStopped:       {Service, false, true, changedTemplate},
	AccountRecoverOffered:       {Service, false, true, changedTemplate},
	AccountRecovered:            {Service, false, true, changedTemplate},
	AccountAppointed:            {Service, false, true, "account_appointed"},
	RightsLink:                  {Service, false, true, "rights_link"},
	RightsNothing:               {Service, false, true, "rights_nothing"},
	RightsPortal:                {Service, false, true, "rights_portal"},
	RightsErased:                {Service, false, true, "rights_erased"},
	ComplaintReceived:           {Service, false, true, "complaint_received"},
	CallsNearCap:                {Service, false, true, spendingTemplate},
	CallsAtCap:                  {Service, false, true, spendingTemplate},
	CallsBlocked:                {Service, false, true, "calls_blocked"},
	CallsStopped:                {Service, false, true, "calls_stopped"},
	CallsContested:              {Service, false, true, "calls_contested"},
	CallsDecided:                {Service, false, true, "calls_decided"},
}

// changedTemplate is the one letter of all notices; what they say differs.
const changedTemplate = "account_changed"

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

// AccountLink is the content of the mails about accounts that carry a link.
type AccountLink struct {
	Of    Kind
	Link  string    // empty where there is nothing to follow
	Until time.Time // the link is good till then
}

// AccountChange is the content of the notices of a change to an account.
type AccountChange struct {
	Of    Kind
	Place string // title of the surface
	Link  string // where one looks after one's account
}

// changes are the words of the notices.
var changes = map[Kind]struct{ subject, what string }{
	AccountAddressChanged:       {"Your account has another e-mail address", "The e-mail address of your account was changed, after it was confirmed here and at the new address. This is the last e-mail about the account that comes to this address."},
	AccountPasswordChanged:      {"Your password was changed", "The password of your account was changed, and your account was signed out everywhere else."},
	AccountPasskeyAdded:         {"A passkey was added to your account", "A passkey was added to your account. Whoever holds the device it is on can sign in with it."},
	AccountPasskeyRemoved:       {"A passkey was removed from your account", "A passkey was removed from your account. It does not sign in any more."},
	AccountAuthenticatorAdded:   {"An authenticator app was added to your account", "From now on your account asks for a code from an authenticator app after the password."},
	AccountAuthenticatorRemoved: {"The authenticator app was removed from your account", "Your account does not ask for a code after the password any more."},
	AccountRecoveryRenewed:      {"Your recovery codes were made anew", "New recovery codes were made for your account. The old ones are good for nothing."},
	AccountRecoveryUsed:         {"A recovery code was used", "Somebody signed in to your account with your password and one of your recovery codes. That code is used up."},
	AccountPhoneAdded:           {"A phone was added to your line", "A desk phone, or a calling app of another maker, was added to your line. It makes and takes calls on your number. If it is not yours, remove it on the page “Desk phones”."},
	VoicemailWaiting:            {"You have a new voicemail message", "Somebody called while you could not answer, and left you a message."},
	VoicemailFilling:            {"Your voicemail is nearly full", "Callers left you so many messages that there is little room for more. Please delete those that you need no longer. None is deleted to make room."},
	VoicemailFull:               {"Your voicemail is full", "There is no room for another message. Callers are told so, and that they shall call again later, until you delete a message or the oldest comes to its day. None is deleted to make room."},
	AccountRecoverStopped:       {"Your second step stays", "Somebody had asked that your account no longer asks for a second step after the password. That was stopped, because you signed in, set another password, or said so. Nothing is removed."},
	AccountRecoverOffered:       {"A way past your second step was opened", "One of our engineers made a link with which the second step of your account can be set up anew, because you said that you lost it. It works once, within a day, and asks for your password. If you did not ask for it, tell us at once."},
	AccountRecovered:            {"Your second step was removed", "Every passkey, authenticator app and recovery code of your account was removed, as was asked for, and your account was signed out everywhere. Please set up a new second step."},
	AccountSignedOut:            {"Your account was signed out", "Your account was signed out everywhere, by whoever looks after the accounts of your firm or by us. Nothing else of it was changed."},
	AccountClosed:               {"Your account was closed", "Your account was closed by whoever looks after the accounts of your firm, or of ours. It does not sign in any more. What we hold about you stays yours: you can still ask for it, or have it erased."},
	AccountAppointed:            {"You look after your firm’s accounts now", "You were made an administrator of your firm’s accounts, by another administrator of it or, where it had none, by our staff. You can invite people of your firm, sign them out and close their accounts."},
}

// Subject is the mail's subject.
func (c AccountChange) Subject() string { return changes[c.Of].subject }

// What says what was done.
func (c AccountChange) What() string { return changes[c.Of].what }

// Kind returns which of the mails it is.
func (c AccountLink) Kind() Kind { return c.Of }

// Kind returns which of the mails it is.
func (c AccountChange) Kind() Kind { return c.Of }

func (AccountLink) way() string   { return "" }
func (AccountChange) way() string { return "" }

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

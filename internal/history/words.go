package history

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"candour/internal/evidence"
	"candour/internal/notice"
	"candour/internal/store"
	"candour/policy"
)

// Software is who acts where no role of the policy does.
const Software = "The software itself"

// words are how entries of a kind are told. Sentences may hold
//
//	{recipient} {right}   the title that the code has in the policy
//	{mail} {why} {kind}   the words that the code has in the tables below
//	{length}              the count, as hours or days
type words struct {
	show  Show
	folds bool // what the software does so several times on one day is one line
	text  string
	codes map[string]string // by code, where it changes the sentence
}

// table tells each kind of evidence that is ever about a person. A kind that
// is not here is not shown.
var table = map[evidence.Kind]words{
	evidence.ConsentDecided:  {show: Decisions, text: "You made a choice"},
	evidence.NoticeAccepted:  {show: Decisions, text: "You were shown the privacy notice and went on"},
	evidence.RecordCollected: {show: Changes, folds: true, text: "Data about you was collected"},
	evidence.RecordUsed:      {show: uses, folds: true, text: "Data about you was used"},
	evidence.RecordRectified: {show: Changes, text: "Data about you was corrected"},
	evidence.RecordExported:  {show: Changes, text: "A copy of your data was handed out"},
	evidence.RecordDisclosed: {show: Changes, folds: true, text: "Data about you was given to {recipient}"},
	evidence.RecordErased:    {show: Changes, folds: true, text: "Some data about you was erased"},
	evidence.RecordExpired:   {show: Changes, folds: true, text: "Data about you reached the end of its time and was erased"},

	evidence.SubjectLinked:     {show: Changes, text: "Two sets of data were found to be about you, and are kept together now"},
	evidence.SubjectRestricted: {show: Decisions, text: "The use of your data was restricted: it is stored, and little else may be done with it"},
	evidence.SubjectLifted:     {show: Decisions, text: "The restriction on your data ended"},
	evidence.SubjectObjected: {show: Decisions, text: "You objected to a use of your data", codes: map[string]string{
		"taken-back": "You took an objection back",
	}},
	evidence.AccessShut:    {show: Decisions, text: "You shut {kind} out of everything that is not strictly needed"},
	evidence.AccessOpened:  {show: Decisions, text: "You let {kind} in again"},
	evidence.AccessGranted: {show: Decisions, text: "You let {kind} in for {length}"},
	evidence.AccessEnded:   {show: Decisions, text: "You ended the time for which you had let {kind} in"},

	evidence.PermissionDecided: {show: Decisions, text: "You answered when the app asked for something of your device", codes: map[string]string{
		"granted": "You let the app use something of your device",
		"refused": "You did not let the app use something of your device",
		"revoked": "You took back what you had let the app use of your device",
	}},

	evidence.RightRequested: {show: Decisions, text: "You used a right: {right}"},
	evidence.RightAnswered: {show: Decisions, text: "A request of yours was answered", codes: map[string]string{
		"closed": "A complaint of yours was looked into and closed",
	}},
	evidence.RightAcknowledged: {show: Decisions, text: "We acknowledged a request of yours and began to look into it: {right}"},
	evidence.RetentionEvent: {show: Changes, folds: true, text: "Something ended from which the time that we keep data counts", codes: map[string]string{
		"enquiry.closed":    "A question of yours was closed; the time that we keep it for counts from now",
		"contract.ended":    "A contract of yours ended; the time that we keep its data for counts from now",
		"request.closed":    "A request of yours was closed; the time that we keep it for counts from now",
		"marketing.ended":   "We stopped marketing to you; the time that we keep data for it counts from now",
		"identity.checked":  "The proof of who you are was looked at, and goes now",
		"demand.closed":     "A demand about you by an authority was closed; the time that we keep it for counts from now",
		"consent.withdrawn": "A consent of yours ended; the time that we keep data for it counts from now",
	}},
	evidence.ComplaintMade: {show: Decisions, text: "You complained about how your data was used"},
	evidence.EnquiryMade: {show: Decisions, text: "You wrote to us", codes: map[string]string{
		"rights": "You wrote to us about your data",
	}},

	evidence.NewsletterAsked:     {show: Decisions, text: "Your address was signed up for the newsletter, and a confirmation was asked for"},
	evidence.NewsletterConfirmed: {show: Decisions, text: "You confirmed the newsletter"},
	evidence.NewsletterEnded: {show: Decisions, text: "You left the newsletter", codes: map[string]string{
		"one-click": "You left the newsletter by the button of your mail program",
		"page":      "You left the newsletter by the link in a mail",
		"rights":    "You left the newsletter where you use your rights",
	}},
	evidence.AccountOpened: {show: Account, text: "Your account was opened"},
	evidence.AccountChanged: {show: Account, text: "Something about how you sign in was changed", codes: map[string]string{
		"address.changed":       "The e-mail address that you sign in with was changed",
		"password.changed":      "Your password was changed",
		"password.reset":        "A forgotten password was set anew",
		"passkey.added":         "A passkey was added to your account",
		"passkey.removed":       "A passkey was removed from your account",
		"authenticator.added":   "An authenticator app was added to your account",
		"authenticator.removed": "The authenticator app was removed from your account",
		"recovery.renewed":      "Your recovery codes were made anew",
		"recovery.removed":      "Your recovery codes were removed",
		"recovery.used":         "A recovery code was used to sign in",
		"recover.begun":         "You said that your second step is lost, and the wait for its removal began",
		"recover.stopped":       "The removal of your second step was stopped",
		"recover.offered":       "An engineer opened a way past your second step",
		"recover.done":          "Your passkeys, authenticator app and recovery codes were removed, because they were lost",

		"administrator.appointed": "You were made an administrator of your firm’s accounts",
		"administrator.made":      "You made somebody an administrator of their firm’s accounts",
	}},
	evidence.AccountSignedIn: {show: Account, folds: true, text: "You signed in", codes: map[string]string{
		"password":      "You signed in with your password",
		"passkey":       "You signed in with a passkey",
		"recovery-link": "You signed in with your password and the link for a lost second step",
	}},
	evidence.AccountRefused: {show: Account, text: "Somebody tried to sign in to your account and failed"},
	evidence.AccountEnded: {show: Account, text: "You were signed out", codes: map[string]string{
		"here":      "You signed out",
		"elsewhere": "You ended a sign-in on another device",
		"others":    "You ended all other sign-ins",
		"manager":   "Whoever looks after your account signed it out everywhere",
		"operator":  "We signed your account out everywhere",
	}},
	evidence.AccountClosed: {show: Account, text: "Your account was closed"},

	evidence.CallEmergency: {show: Changes, text: "You called an emergency number", codes: map[string]string{
		"with-address": "You called an emergency number, and the address of your line went with it",
	}},
	evidence.CallLocated: {show: Changes, text: "One fix of where your device was went to the emergency service with your call, and was not kept", codes: map[string]string{
		"within-call": "One fix of where your device was went to the emergency service during your call, and was not kept",
	}},
	evidence.CallEnded: {show: Changes, folds: true, text: "A call of yours was put into your list of calls", codes: map[string]string{
		"made":      "You made a call, and it was put into your list of calls",
		"taken":     "You took a call, and it was put into your list of calls",
		"missed":    "Somebody called you, and it was put into your list of calls",
		"forwarded": "Somebody called you, your line forwarded the call, and it was put into your list of calls",
	}},

	evidence.CallUnlisted: {show: Changes, text: "You removed a call from your list; what its bill needs is kept until its day, and for nothing else"},

	evidence.LimitChanged:   {show: Account, text: "What your account may spend on calls, or whom it may call, was changed", codes: limitWords},
	evidence.BlockMade:      {show: Decisions, text: "A computer alone stopped the calls of your account that cost, because they looked like fraud"},
	evidence.BlockContested: {show: Decisions, text: "You contested a block of your calls"},
	evidence.BlockDecided: {show: Decisions, text: "A person decided about a block of your calls", codes: map[string]string{
		"lifted":    "A person lifted a block of your calls",
		"confirmed": "A person looked at a block of your calls, and kept it",
		"stopped":   "A person of ours stopped the calls of your account that cost, with a reason",
	}},

	evidence.DeviceAdded:   {show: Account, text: "A phone was added to your line, and may make and take calls on it"},
	evidence.DeviceRemoved: {show: Account, text: "A phone was removed from your line"},

	evidence.LineSet: {show: Changes, text: "You changed a setting of your line", codes: map[string]string{
		"quiet-on":           "You asked not to be disturbed: your line did not ring from then on",
		"quiet-off":          "You let your line ring again",
		"number-withheld":    "You withheld the number of your line from the people you call",
		"number-shown":       "You let the people you call see the number of your line",
		"anonymous-refused":  "You turned calls from withheld numbers away",
		"anonymous-taken":    "You let calls from withheld numbers ring again",
		"bill-plain":         "You asked for bills without the single calls",
		"bill-itemised":      "You asked for bills with the single calls",
		"forward-always":     "You forwarded all your calls",
		"forward-busy":       "You forwarded calls that come while you are on another",
		"forward-unanswered": "You forwarded calls that you do not answer",
		"forward-off":        "You ended the forwarding of your calls",
		"blocked":            "You blocked a caller",
		"unblocked":          "You took a caller off the list of those you block",
		"address":            "You told us where your line is, for emergency calls",
		"warned":             "You said that you read when a call to 999 may fail",
	}},
	evidence.ForwardStopped: {show: Changes, text: "Forwarding to another’s line was stopped", codes: map[string]string{
		"by-me":   "You stopped calls that somebody forwarded to your line",
		"by-them": "The person your calls were forwarded to stopped that",
		"allowed": "You let somebody forward calls to your line again",
	}},
	evidence.CallReported: {show: Changes, text: "You reported a call, and who made it is kept so that our staff can trace it", codes: map[string]string{
		"closed": "Our staff closed the report of a call that you had made",
	}},
	evidence.MessageKept: {show: Changes, folds: true, text: "A message was put into your conversations", codes: map[string]string{
		"sent":     "You sent a message, and it was put into your conversations",
		"received": "Somebody sent you a message, and it was put into your conversations",
	}},
	evidence.PlaceShared: {show: Decisions, text: "Where somebody is was shared once", codes: map[string]string{
		"sent":     "You shared once where you are, with one person",
		"received": "Somebody shared with you once where they are",
	}},
	evidence.VoicemailLeft:  {show: Changes, text: "Somebody left you a voicemail message, and it was kept"},
	evidence.VoicemailHeard: {show: Changes, text: "A voicemail message of yours was played for the first time"},
	evidence.VoicemailSet: {show: Account, text: "Your voicemail was set", codes: map[string]string{
		"on":       "Your voicemail was switched on, or set in another way",
		"off":      "Your voicemail was switched off",
		"greeting": "You recorded a voicemail greeting",
		"standard": "Your own voicemail greeting was removed, and callers hear the standard one",
	}},
	evidence.RecordingBegun: {show: Decisions, text: "You chose to record a call"},
	evidence.RecordingAnnounced: {show: Changes, text: "A call was recorded, after both sides were told", codes: map[string]string{
		"own":   "A call that you chose to record was recorded, after both sides were told",
		"other": "The other side recorded a call with you, after both of you were told, and what you said is kept for them",
	}},
	evidence.RecordingEnded: {show: Changes, text: "The recording of a call ended", codes: map[string]string{
		"stopped":   "The recording of a call was stopped",
		"hung-up":   "The recording of a call ended with the call",
		"held":      "The recording of a call ended because it was put on hold",
		"passed-on": "The recording of a call ended because the call went on with somebody else, or on another phone",
		"joined":    "The recording of a call ended because others could be heard in it",
		"objected":  "The recording of a call ended because one side said no",
		"withdrawn": "The recording of a call ended because your yes to it was taken back",
		"limit":     "The recording of a call ended because it was as long as one may be",
		"cut":       "The recording of a call was cut off because our service stopped",
		"failed":    "The recording of a call ended for a technical reason",
		"untold":    "A call was not recorded, because not everybody could be told",
	}},
	evidence.RecordingObjected: {show: Decisions, text: "Somebody said that they are not to be recorded", codes: map[string]string{
		"own":   "You said that you are not to be recorded, and what was kept of your voice in that call is erased",
		"other": "The other side of a call said that they are not to be recorded",
	}},
	evidence.RecordingHeard: {show: Changes, text: "A recording of a call of yours was played for the first time"},
	evidence.RecordingErased: {show: Changes, text: "A recording of a call was erased", codes: map[string]string{
		"own":    "You deleted a recording of a call",
		"other":  "A recording of a call with you was deleted, and what you said in it is erased",
		"voice":  "You had your voice erased from a call that the other side recorded",
		"theirs": "The other side had their voice erased from a call that you recorded",
	}},

	evidence.MailQueued:  {show: Mails, folds: true, text: "An e-mail to you was made ready: {mail}"},
	evidence.MailSent:    {show: Mails, folds: true, text: "Our software used your e-mail address to send you {mail}"},
	evidence.MailRefused: {show: Mails, folds: true, text: "An e-mail to you was not sent: {why}"},
}

// never are the kinds that are about nobody, or outlive whom they were about:
// no history shows them.
var never = []evidence.Kind{
	evidence.LogOpened, evidence.PolicyPublished, evidence.KeyEpoch, evidence.KeyRotated, evidence.SweepDone, evidence.ErasuresDone,
	evidence.BackupMade, evidence.RestoreDone, evidence.StatisticsDone, evidence.DoorRefused, evidence.ReportReceived,
	evidence.CallRefused, evidence.PhoneRefused, evidence.SubjectErased,
	evidence.SearchEmpty, evidence.SearchRefused,
}

// mailWords name the mails by their code (package mail).
var mailWords = map[string]string{
	"enquiry.received":   "our word that your message arrived",
	"newsletter.confirm": "the question whether the newsletter is really for you",
	"newsletter.already": "our word that you get the newsletter already",
	"newsletter.welcome": "the newsletter’s welcome",

	"rights.link":        "the link to what we hold about you",
	"rights.nothing":     "our word on what we hold about you",
	"rights.portal":      "our word that your account is the way to your data",
	"rights.erased":      "our word that your data was erased",
	"complaint.received": "our word that your complaint arrived",

	"account.sign-up":         "the link that opens your account",
	"account.known":           "our word that you have an account already",
	"account.invited":         "an invitation to open an account",
	"account.reset":           "the link for a forgotten password",
	"account.unlock":          "the link past too many wrong passwords",
	"account.address-new":     "the question whether a new address is yours",
	"account.address-old":     "the question whether your address shall change",
	"account.address-taken":   "our word that the address has an account already",
	"account.address-changed": "our word that your address was changed",

	"account.password-changed":      "our word that your password was changed",
	"account.passkey-added":         "our word that a passkey was added",
	"account.passkey-removed":       "our word that a passkey was removed",
	"account.authenticator-added":   "our word that an authenticator app was added",
	"account.authenticator-removed": "our word that the authenticator app was removed",
	"account.recovery-renewed":      "our word that your recovery codes were made anew",
	"account.recovery-used":         "our word that a recovery code was used",
	"account.phone-added":           "our word that a phone was added to your line",
	"voicemail.waiting":             "our word that a voicemail message is waiting",
	"voicemail.filling":             "our word that your voicemail is nearly full",
	"voicemail.full":                "our word that your voicemail is full",
	"account.closed":                "our word that your account was closed",
	"account.signed-out":            "our word that your account was signed out",
	"account.recover-asked":         "the question whether your second step is lost",
	"account.recover-begun":         "our word that your second step will be removed, with the link that stops it",
	"account.recover-ready":         "the link that removes a lost second step",
	"account.recover-stopped":       "our word that your second step stays",
	"account.recover-offered":       "our word that a way past your second step was opened",
	"account.recovered":             "our word that your second step was removed",
	"account.appointed":             "our word that you look after your firm’s accounts now",

	"calls.near-cap":  "our word that your calls come near their limit",
	"calls.at-cap":    "our word that the limit for your calls is reached",
	"calls.blocked":   "our word that a computer stopped calls on your account",
	"calls.contested": "our word that somebody looks at the block of your calls",
	"calls.stopped":   "our word that one of us stopped calls that cost, and how to answer that",
	"calls.decided":   "a person’s decision about the block of your calls",
}

// someMail is a mail whose code has no words.
const someMail = "a message"

// whyWords say why a mail was not sent, by its code.
var whyWords = map[string]string{
	"nature":     "the policy does not allow it for this purpose",
	"purpose":    "the policy does not allow it for this purpose",
	"no-consent": "you have not agreed to it, or no longer",
	"objected":   "you objected",
	"restricted": "the use of your data is restricted",
	"suppressed": "the address has opted out",
	"channel":    "you have not allowed it by e-mail",
	"reserved":   "the address can be nobody's",
	"too-old":    "it had waited too long to be of use",
}

// someWhy is a reason whose code has no words: those of mail servers.
const someWhy = "it could not be delivered"

// kindWords name kinds of actor.
var kindWords = map[string]string{"staff": "our staff", "partner": "our partner firms"}

// tell puts an entry into words.
func (d *Desk) tell(ctx context.Context, tx *store.Tx, raw evidence.Entry) (Entry, error) {
	b, w := raw.Body, table[raw.Body.Kind]
	t := d.teller(b)
	e := Entry{
		ID: raw.ID, At: b.At, Kind: b.Kind, Code: b.Code, Show: w.show, Who: Software, Count: b.Count, Policy: b.Policy, Times: 1,
		Where: t.title("surface", b.Surface), Why: t.title("purpose", b.Purpose),
	}
	if a, ok := t.actor(b.Actor); ok && a.Kind != "software" {
		e.Who, e.ByPeople = a.Title, a.Kind != "person"
		if e.Show == uses {
			e.Show = Looks
		}
	}
	e.What = t.sentence(w, b, e.Show)
	for _, id := range append([]string{b.Category}, b.Categories...) {
		if title := t.title("category", id); title != "" {
			e.Categories = append(e.Categories, title)
		}
	}
	for id, yes := range b.Choices {
		if title := t.chosen(b.Kind, id); title != "" {
			e.Choices = append(e.Choices, Choice{title, yes})
		}
	}
	slices.SortFunc(e.Choices, func(a, b Choice) int { return strings.Compare(a.Title, b.Title) })
	if b.Kind == evidence.AccessGranted {
		e.Count = 0 // hours, and said
	}
	if d.c.Reference == nil || b.Ref == 0 {
		return e, nil
	}
	var err error
	e.Reference, err = d.c.Reference(ctx, tx, b.Kind, b.Ref)
	return e, err
}

// teller finds words in the policy version that an entry happened under, and
// in the others for what that one does not declare.
type teller struct{ policies []*policy.Policy }

func (d *Desk) teller(b evidence.Body) teller {
	var t teller
	add := func(v *notice.Version) {
		if v != nil {
			t.policies = append(t.policies, v.Profile.Policy)
		}
	}
	add(d.c.Versions.Get(b.Policy))
	add(d.c.Versions.InForce(b.At))
	for _, v := range slices.Backward(d.c.Versions.List()) {
		add(v)
	}
	return t
}

func (t teller) actor(id string) (*policy.Actor, bool) {
	for _, p := range t.policies {
		if a, ok := p.ActorByID(id); ok {
			return a, true
		}
	}
	return nil, false
}

// title returns the title of a declared thing, empty if no version declares
// it: an id says nothing to a person.
func (t teller) title(kind, id string) string {
	if id == "" {
		return ""
	}
	for _, p := range t.policies {
		if title := titleIn(p, kind, id); title != "" {
			return title
		}
	}
	return ""
}

func titleIn(p *policy.Policy, kind, id string) string {
	switch kind {
	case "surface":
		if s, ok := p.SurfaceByID(id); ok {
			return s.Title
		}
	case "purpose":
		if q, ok := p.PurposeByID(id); ok {
			return q.Title
		}
	case "category":
		if c, ok := p.CategoryByID(id); ok {
			return c.Title
		}
	case "recipient":
		if r, ok := p.RecipientByID(id); ok {
			return r.Name
		}
	case "right":
		if r, ok := p.RightByID(id); ok {
			return r.Title
		}
	case "group":
		if g, ok := p.GroupByID(id); ok {
			return g.Title
		}
	case "permission":
		if q, ok := p.PermissionByID(id); ok {
			return q.Title
		}
	}
	return ""
}

// choice returns the title of what was chosen on: of a purpose, or of one of
// its channels, as purpose/channel.
func (t teller) choice(id string) string {
	if purpose, channel, ok := strings.Cut(id, "/"); ok {
		return t.channel(purpose, channel)
	}
	for _, kind := range []string{"purpose", "group", "permission", "category"} {
		if title := t.title(kind, id); title != "" {
			return title
		}
	}
	return ""
}

// chosen is the title of what a decision of a kind was about: a permission may
// have the id of a purpose that is called otherwise.
func (t teller) chosen(kind evidence.Kind, id string) string {
	if kind == evidence.PermissionDecided {
		if title := t.title("permission", id); title != "" {
			return title
		}
	}
	return t.choice(id)
}

func (t teller) channel(purpose, channel string) string {
	for _, p := range t.policies {
		if q, ok := p.PurposeByID(purpose); ok && slices.Contains(q.Channels, channel) {
			return q.Title + ", by " + policy.ChannelWords(channel)
		}
	}
	return ""
}

// sentence says what happened.
func (t teller) sentence(w words, b evidence.Body, show Show) string {
	text := w.text
	if s, ok := w.codes[b.Code]; ok {
		text = s
	}
	if b.Kind == evidence.RecordUsed && show == Looks {
		if text = "Somebody looked at data about you"; b.Count == 0 && b.Category == "" && len(b.Categories) == 0 {
			text = "Somebody looked for data about you and found none"
		}
	}
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer(
		"{recipient}", or(t.title("recipient", b.Code), "a recipient"), "{right}", or(t.title("right", b.Code), "a request about your data"),
		"{mail}", or(mailWords[b.Code], someMail), "{why}", or(whyWords[b.Code], someWhy),
		"{kind}", or(kindWords[b.Code], "others"), "{length}", length(b.Count),
	).Replace(text)
}

func or(words, otherwise string) string {
	if words == "" {
		return otherwise
	}
	return words
}

// length says hours as people do.
func length(hours int64) string {
	switch {
	case hours == 1:
		return "1 hour"
	case hours == 24:
		return "1 day"
	case hours > 0 && hours%24 == 0:
		return fmt.Sprintf("%d days", hours/24)
	}
	return fmt.Sprintf("%d hours", hours)
}

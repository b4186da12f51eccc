package evidence

// Kind is what an entry is about. The set is closed: an entry of a kind that
// is not listed here is refused, so that the log cannot become a place where
// things are written down freely.
type Kind string

// The kinds. What follows each is who reads its body: the subject it is about
// (sealed with their key), the operator (sealed with a key of the log), or
// everyone (served open, so never about a person).
const (
	LogOpened       Kind = "log.opened"       // everyone: entry 0 of each log; Hash is that of the verifier key
	PolicyPublished Kind = "policy.published" // everyone: Policy, Hash of all its files
	KeyEpoch        Kind = "key.epoch"        // everyone: an epoch closed; Ref its number, Hash the root of its key list, Count of keys
	KeyRotated      Kind = "key.rotated"      // everyone: data keys wrapped anew; Ref the new epoch, Count of keys
	SweepDone       Kind = "sweep.done"       // everyone: a retention sweep; Count of records that went
	ErasuresDone    Kind = "erasures.done"    // everyone: a stage of erasure; Code the stage, Count of people
	BackupMade      Kind = "backup.made"      // everyone: Hash of what was written
	RestoreDone     Kind = "restore.done"     // everyone: Hash of what was restored, Count of erasures replayed
	StatisticsDone  Kind = "statistics.done"  // everyone: a period of first-party statistics was closed

	DoorRefused    Kind = "door.refused"    // everyone, counted: a door refused; Code why, Surface where
	ReportReceived Kind = "report.received" // everyone, counted: a browser reported a breach of policy; Code which directive

	ConsentDecided  Kind = "consent.decided"  // subject: Choices, Hash of the wording shown
	NoticeAccepted  Kind = "notice.accepted"  // subject: a policy version was shown and gone on with
	RecordCollected Kind = "record.collected" // subject: Category or Categories, Purpose, Surface
	RecordUsed      Kind = "record.used"      // subject: read for a purpose
	RecordRectified Kind = "record.rectified" // subject
	RecordExported  Kind = "record.exported"  // subject: a copy was handed out (UK GDPR Art 15, 20)
	RecordDisclosed Kind = "record.disclosed" // subject: given to a recipient, named in Code
	RecordErased    Kind = "record.erased"    // subject: single records went, the person stays
	RecordExpired   Kind = "record.expired"   // subject: went at the end of its retention

	SubjectLinked     Kind = "subject.linked"     // subject: recognised as another; Ref the edge
	SubjectRestricted Kind = "subject.restricted" // subject: UK GDPR Art 18
	SubjectLifted     Kind = "subject.lifted"     // subject: restriction ended
	SubjectObjected   Kind = "subject.objected"   // subject: UK GDPR Art 21; Purpose
	AccessShut        Kind = "access.shut"        // subject: a kind of actor may see no more than must be; Code the kind
	AccessOpened      Kind = "access.opened"      // subject: the same taken back; Code the kind
	AccessGranted     Kind = "access.granted"     // subject: let in for a time all the same; Code the kind, Count of hours
	AccessEnded       Kind = "access.ended"       // subject: that ended early; Code the kind
	SubjectErased     Kind = "subject.erased"     // operator: Ref the receipt; never the subject, whose key is gone with this entry

	SearchEmpty   Kind = "search.empty"   // operator: staff looked for somebody and found nobody; Actor, Purpose, and by which Category, or Code for what is none
	SearchRefused Kind = "search.refused" // operator: the same, of what the policy does not let them look for

	PermissionDecided Kind = "permission.decided" // subject: Code the answer, Choices the permission, Hash of the wording shown

	RightRequested    Kind = "right.requested"    // subject: Code the right
	RightAnswered     Kind = "right.answered"     // subject: Code the outcome
	RightAcknowledged Kind = "right.acknowledged" // subject: staff took a request up; Code the right
	RetentionEvent    Kind = "retention.event"    // subject: Code the event that starts a retention period
	ComplaintMade     Kind = "complaint.made"     // subject: DPA 2018 s164A
	EnquiryMade       Kind = "enquiry.made"       // subject: Ref the ticket

	NewsletterAsked     Kind = "newsletter.asked"     // subject: the confirmation was sent
	NewsletterConfirmed Kind = "newsletter.confirmed" // subject
	NewsletterEnded     Kind = "newsletter.ended"     // subject: Code how
	AccountOpened       Kind = "account.opened"       // subject: Code the role, Ref the account
	AccountChanged      Kind = "account.changed"      // subject: Code what: a credential, the address, the company's people
	AccountSignedIn     Kind = "account.signed-in"    // subject: Code how, Surface where, Ref the session
	AccountRefused      Kind = "account.refused"      // subject: sign-ins that failed since the last such entry; Count of them
	AccountEnded        Kind = "account.ended"        // subject: sessions ended; Code how, Count of them
	AccountClosed       Kind = "account.closed"       // subject

	CallRefused  Kind = "call.refused"  // everyone, counted: a call was not let through; Code why, Surface where
	PhoneRefused Kind = "phone.refused" // everyone, counted: a phone was not let in; Code why, Surface where
	CallEnded    Kind = "call.ended"    // subject: their part of it is kept; Code which side they were on, Category what is held; Ref the record, if they own it

	CallUnlisted   Kind = "call.unlisted"   // subject: they took a call that costs out of their list, and what the bill needs stays; Category what is held, Ref the record
	CallEmergency  Kind = "call.emergency"  // subject: they called an emergency number; Code whether the address of the line went with it. Neither number nor place
	CallLocated    Kind = "call.located"    // subject: one fix of their device went to the service with such a call, as they chose; Code when. Not where
	LimitChanged   Kind = "limit.changed"   // subject: what their account may spend on calls, or whom it may call; Code what, Count of pence
	BlockMade      Kind = "block.made"      // subject: their calls that cost were stopped by software alone (UK GDPR Art 22A); Code the pattern, Count of what was seen, Ref the block
	BlockContested Kind = "block.contested" // subject: they contested it; Ref the block
	BlockDecided   Kind = "block.decided"   // subject: a person decided about it; Code the outcome, Ref the block

	DeviceAdded   Kind = "device.added"   // subject: a phone may sign in on their line; Ref the phone
	DeviceRemoved Kind = "device.removed" // subject: it may no more; Ref the phone

	LineSet        Kind = "line.set"        // subject: a line was set up in another way; Code what
	ForwardStopped Kind = "forward.stopped" // subject: calls that one person forwarded to another's line; Code by whom, or that they may come again
	CallReported   Kind = "call.reported"   // subject: a call was reported as malicious or a nuisance, and who made it is kept; Code the kind, or closed; Ref the record
	MessageKept    Kind = "message.kept"    // subject: their part of a message is kept; Code which side they were on, Category what is held; Ref the record, if they own it
	PlaceShared    Kind = "place.shared"    // subject: one fix of where somebody is was shared, never where; Code which side they were on
	VoicemailLeft  Kind = "voicemail.left"  // subject: a caller left them a message; Category what is held, Ref the record
	VoicemailHeard Kind = "voicemail.heard" // subject: it was played for the first time; Surface where, Ref the message
	VoicemailSet   Kind = "voicemail.set"   // subject: their voicemail was set; Code how

	RecordingBegun     Kind = "recording.begun"     // subject: they chose to record a call; Ref the recording
	RecordingAnnounced Kind = "recording.announced" // subject: both sides were told, and from here on it is kept; Code which side they are on, Category what is held of them, Ref the recording, if it is theirs
	RecordingEnded     Kind = "recording.ended"     // subject: nothing is kept any more; Code why, Ref the recording, if it is theirs
	RecordingObjected  Kind = "recording.objected"  // subject: somebody said that they are not to be recorded; Code which side
	RecordingHeard     Kind = "recording.heard"     // subject: it was played for the first time; Surface where, Ref the recording
	RecordingErased    Kind = "recording.erased"    // subject: what was kept of them in a recording is erased; Code by whom

	MailQueued  Kind = "mail.queued"  // subject: Code the mail
	MailSent    Kind = "mail.sent"    // subject: Code the mail
	MailRefused Kind = "mail.refused" // subject or operator: Code why it was not sent
)

// audience is who may read the bodies of a kind.
type audience uint8

const (
	toSubject audience = iota + 1
	toOperator
	toEveryone
)

// shape says what an entry of a kind must and must not hold.
type shape struct {
	audience audience
	counted  bool // Count is needed: floods are counted, not logged one by one
	listed   bool // staff read it again: the table evidence_searches leads to it
}

var shapes = map[Kind]shape{
	LogOpened:       {audience: toEveryone},
	PolicyPublished: {audience: toEveryone},
	KeyEpoch:        {audience: toEveryone},
	KeyRotated:      {audience: toEveryone},
	SweepDone:       {audience: toEveryone},
	ErasuresDone:    {audience: toEveryone},
	BackupMade:      {audience: toEveryone},
	RestoreDone:     {audience: toEveryone},
	StatisticsDone:  {audience: toEveryone},

	DoorRefused:    {audience: toEveryone, counted: true},
	ReportReceived: {audience: toEveryone, counted: true},
	CallRefused:    {audience: toEveryone, counted: true},
	PhoneRefused:   {audience: toEveryone, counted: true},

	ConsentDecided:  {audience: toSubject},
	NoticeAccepted:  {audience: toSubject},
	RecordCollected: {audience: toSubject},
	RecordUsed:      {audience: toSubject},
	RecordRectified: {audience: toSubject},
	RecordExported:  {audience: toSubject},
	RecordDisclosed: {audience: toSubject},
	RecordErased:    {audience: toSubject},
	RecordExpired:   {audience: toSubject},

	SubjectLinked:     {audience: toSubject},
	SubjectRestricted: {audience: toSubject},
	SubjectLifted:     {audience: toSubject},
	SubjectObjected:   {audience: toSubject},
	AccessShut:        {audience: toSubject},
	AccessOpened:      {audience: toSubject},
	AccessGranted:     {audience: toSubject},
	AccessEnded:       {audience: toSubject},
	SubjectErased:     {audience: toOperator},

	SearchEmpty:   {audience: toOperator, listed: true},
	SearchRefused: {audience: toOperator, listed: true},

	PermissionDecided: {audience: toSubject},

	RightRequested:    {audience: toSubject},
	RightAnswered:     {audience: toSubject},
	RightAcknowledged: {audience: toSubject},
	RetentionEvent:    {audience: toSubject},
	ComplaintMade:     {audience: toSubject},
	EnquiryMade:       {audience: toSubject},

	NewsletterAsked:     {audience: toSubject},
	NewsletterConfirmed: {audience: toSubject},
	NewsletterEnded:     {audience: toSubject},
	AccountOpened:       {audience: toSubject},
	AccountChanged:      {audience: toSubject},
	AccountSignedIn:     {audience: toSubject},
	AccountRefused:      {audience: toSubject, counted: true},
	AccountEnded:        {audience: toSubject},
	AccountClosed:       {audience: toSubject},

	CallEnded: {audience: toSubject},

	CallUnlisted:   {audience: toSubject},
	CallEmergency:  {audience: toSubject},
	CallLocated:    {audience: toSubject},
	LimitChanged:   {audience: toSubject},
	BlockMade:      {audience: toSubject},
	BlockContested: {audience: toSubject},
	BlockDecided:   {audience: toSubject},

	DeviceAdded:   {audience: toSubject},
	DeviceRemoved: {audience: toSubject},

	LineSet:        {audience: toSubject},
	ForwardStopped: {audience: toSubject},
	CallReported:   {audience: toSubject},
	MessageKept:    {audience: toSubject},
	PlaceShared:    {audience: toSubject},
	VoicemailLeft:  {audience: toSubject},
	VoicemailHeard: {audience: toSubject},
	VoicemailSet:   {audience: toSubject},

	RecordingBegun:     {audience: toSubject},
	RecordingAnnounced: {audience: toSubject},
	RecordingEnded:     {audience: toSubject},
	RecordingObjected:  {audience: toSubject},
	RecordingHeard:     {audience: toSubject},
	RecordingErased:    {audience: toSubject},

	MailQueued:  {audience: toSubject},
	MailSent:    {audience: toSubject},
	MailRefused: {audience: toSubject},
}

// Kinds returns every kind, for documentation and for closed metric labels.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(shapes))
	for k := range shapes {
		kinds = append(kinds, k)
	}
	return kinds
}

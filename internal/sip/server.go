package sip

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"candour/internal/media"
	"candour/internal/recording"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// What a Config leaves out.
const (
	defaultNoAnswer = 60 * time.Second // the caller hears ringing for so long
	defaultGrace    = 20 * time.Second // a page that lost its network comes back within it
	defaultBeat     = 20 * time.Second // how often a flow shows that it is alive and entitled
	defaultAcked    = 32 * time.Second // 64*T1, RFC 3261 13.3.1.4

	// defaultOften bounds what a program could write: each call is a record of two
	// people, and evidence.
	defaultOften = 30
)

// Config is what a Server stands on. Desk, Relay and Domain are needed; the
// times have defaults.
type Config struct {
	Desk   *telecom.Desk // decides on calls and remembers them
	Relay  *media.Relay
	Domain string // the host in every address of record, and the only name of ours that a message shows
	Log    *slog.Logger
	Now    func() time.Time

	NoAnswer time.Duration // from the INVITE to 480
	Grace    time.Duration // from a lost flow to the end of its calls
	Beat     time.Duration // between two looks at whether a flow may go on
	Acked    time.Duration // from a 200 to the end of a call whose caller never acknowledged it
	Slow     time.Duration // from a wrong password to its refusal
	Often    int           // calls that a line may begin in one minute

	Try   time.Duration // from an INVITE to a trunk that says nothing to the next trunk
	Ping  time.Duration // between two looks at whether a trunk answers
	Retry time.Duration // from a registration that a trunk refused to the next; doubled with each

	Resolver *net.Resolver  // finds where trunks are; nil for the system's
	Roots    *x509.CertPool // who vouches for trunks over TLS; nil for whom the system trusts

	// Wake asks for the devices of a line that have the phone closed, and reports
	// whether there are any. Slept tells them that it rings no more. Either may
	// be nil. WakeTime is for how long a call waits for them where nothing rings.
	Wake     func(ctx context.Context, l telecom.Line) bool
	Slept    func(ctx context.Context, l telecom.Line, elsewhere bool)
	WakeTime time.Duration

	// Seen tells whether a line's person lets colleagues see whether they are in a
	// call; nil where nobody does.
	Seen func(context.Context, telecom.Line) (bool, error)

	Voicemail *voicemail.Desk // answers for people who have it; nil where nobody has

	Recording *recording.Desk // keeps calls that people choose to record; nil where nobody does
	Piece     time.Duration   // how much of a recording is kept at once
	Longest   time.Duration   // a recording is
	Remind    time.Duration   // between two tones, to whom no page shows that the call is recorded

	PhoneHost string            // name or address under which phones reach ListenPhones; "" for the one they came to
	Refused   func(code string) // counts phones that were not let in, by a closed set of codes; nil where nobody counts
}

// Server serves the flows of browsers and phones, and connects their calls. It may be used by
// many goroutines at once.
type Server struct {
	Config
	nonces *nonces
	offers offers
	guard  *guard
	base   context.Context // ends with the server: the acts of calls outlive the requests that began them
	stop   context.CancelFunc

	mu       sync.Mutex
	phones   []*phones
	gateways []*gateway
	carriers []*carrier                           // every trunk, in the order of the files; never taken away
	main     string                               // the operator's main number; "" for none
	closing  bool                                 // no flow and no call begins any more
	flows    map[*flow]func()                     // with what ends each
	bindings map[int64][]*binding                 // by line: two companies may have the same extension
	dialogs  map[dialogKey]*call                  // a call stands under the Call-ID of each of its dialogs
	calls    map[*call]struct{}                   // until their record is closed
	callsOf  map[int64]map[*call]struct{}         // the same, by the line of each side
	subs     map[int64]map[subKey]*subscription   // by the line of who subscribed
	watchers map[int64]map[*subscription]struct{} // the same, by the line that they are about
	lit      map[*call][]lamp                     // what is told of the calls that go on
	minute   int64                                // since 1970
	begun    map[int64]int                        // calls in that minute, by line

	traces traces

	refused atomic.Int64 // messages answered with a fault
	dropped atomic.Int64 // messages that no answer could be given to
}

// dialogKey finds a call. Whose flow a message came over is part of it, so that
// nobody can reach a call of others, even by guessing its Call-ID.
type dialogKey struct {
	line   int64
	callID string
}

// New makes a server.
func New(c Config) (*Server, error) {
	if c.Desk == nil || c.Relay == nil || c.Domain == "" {
		return nil, errors.New("sip: the server needs a desk, a relay and a domain")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, d := range []struct {
		given *time.Duration
		or    time.Duration
	}{{&c.NoAnswer, defaultNoAnswer}, {&c.Grace, defaultGrace}, {&c.Beat, defaultBeat}, {&c.Acked, defaultAcked}, {&c.Slow, refusalTime}, {&c.WakeTime, defaultWakeTime}, {&c.Try, defaultTry}, {&c.Ping, defaultPing}, {&c.Retry, defaultRetry}, {&c.Piece, recording.Piece}, {&c.Longest, recording.MaxLength}, {&c.Remind, defaultRemind}} {
		if *d.given <= 0 {
			*d.given = d.or
		}
	}
	if c.Often <= 0 {
		c.Often = defaultOften
	}
	if c.Refused == nil {
		c.Refused = func(string) {}
	}
	s := &Server{
		Config: c, nonces: newNonces(), guard: newGuard(), offers: offers{by: map[string]offer{}}, flows: map[*flow]func(){}, bindings: map[int64][]*binding{},
		dialogs: map[dialogKey]*call{}, calls: map[*call]struct{}{}, callsOf: map[int64]map[*call]struct{}{}, begun: map[int64]int{},
		subs: map[int64]map[subKey]*subscription{}, watchers: map[int64]map[*subscription]struct{}{}, lit: map[*call][]lamp{},
	}
	s.base, s.stop = context.WithCancel(context.Background())
	c.Desk.OnRevoke(s.revoke)
	if c.Voicemail != nil {
		c.Voicemail.OnWaiting(func(line int64, _, _ int) { s.tellOf(line) })
	}
	if c.Recording != nil {
		c.Recording.OnEnd(s.recordingEnds)
	}
	return s, nil
}

// Close ends every call, saying BYE to both sides and closing its record, and
// then every flow. It waits for both until ctx ends, whose error it returns.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	var ended []<-chan struct{}
	for c := range s.calls {
		c.do(func() { c.end(endClosing) })
		ended = append(ended, c.done)
	}
	var shuts []func()
	var shut []<-chan struct{}
	for f, end := range s.flows {
		shuts, shut = append(shuts, end), append(shut, f.gone)
	}
	phones, gateways := s.phones, s.gateways
	s.mu.Unlock()
	err := await(ctx, ended)
	for _, end := range shuts {
		end()
	}
	err = errors.Join(err, await(ctx, shut))
	for _, l := range phones {
		err = errors.Join(err, l.close(ctx))
	}
	for _, g := range gateways {
		err = errors.Join(err, g.close(ctx))
	}
	s.stop()
	return err
}

func await(ctx context.Context, each []<-chan struct{}) error {
	for _, c := range each {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unheard notes a message that was not answered, and why.
func (s *Server) unheard(code string) {
	s.dropped.Add(1)
	s.Refused(code)
}

// turnedAway notes a message that was answered with a refusal, and why.
func (s *Server) turnedAway(code string) {
	s.refused.Add(1)
	s.Refused(code)
}

// Counts are the messages that were not acted on since the server was made.
type Counts struct {
	Refused int64 // answered with what is wrong
	Dropped int64 // no answer was possible or due
}

// Counts returns them.
func (s *Server) Counts() Counts {
	return Counts{Refused: s.refused.Load(), Dropped: s.dropped.Load()}
}

package media

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/turn/v5"
)

const (
	// turnTime is how long a password of Credentials lasts: a working day. A page
	// that is open for longer asks anew when its line comes back.
	turnTime = 12 * time.Hour
	// turnEach is how many ways one page may have open: one for each kind of
	// address in each of a few calls.
	turnEach = 16
	// turnAll bounds them all; each is a socket.
	turnAll = 10_000
	// turnIdle ends a connection that says nothing. A call's never does for so long.
	turnIdle = time.Minute
	// acceptPause is how long a listener waits for the system to have sockets again.
	acceptPause = 50 * time.Millisecond
)

// TurnConfig is where a Turn listens. One of the addresses may be empty.
type TurnConfig struct {
	UDP, TCP string           // such as "127.0.0.1:3478"
	Realm    string           // the operator's domain
	Now      func() time.Time // nil: time.Now
}

// Turn is a way to the relay for browsers whose network lets nothing through but
// what looks like the web (RFC 8656). It leads to the relay's own port and nowhere
// else: nobody can reach this machine or others through it. It remembers nobody:
// a password is a keyed hash of when it runs out. Its methods may be called from
// several goroutines.
type Turn struct {
	relay  *Relay
	now    func() time.Time
	secret []byte
	udp    net.PacketConn
	tcp    net.Listener
	door   *door
	server *turn.Server

	mu    sync.Mutex
	ways  map[string]int // open ones, by user name
	all   int
	conns map[*watched]struct{}
}

// OpenTurn opens the addresses. The Turn is to be closed before the relay.
func (r *Relay) OpenTurn(c TurnConfig) (*Turn, error) {
	t := &Turn{relay: r, now: c.Now, secret: make([]byte, sha256.Size), door: newDoor(r.conn.LocalAddr()), ways: map[string]int{}, conns: map[*watched]struct{}{}}
	if t.now == nil {
		t.now = time.Now
	}
	if _, err := rand.Read(t.secret); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	conf := turn.ServerConfig{
		Realm: c.Realm, LoggerFactory: silent{}, AuthHandler: t.key, QuotaHandler: t.mayOpen,
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(_, _ net.Addr, _, user, _ string, _ net.Addr, _ int) { t.opened(user, 1) },
			OnAllocationDeleted: func(_, _ net.Addr, _, user, _ string) { t.opened(user, -1) },
		},
		ListenerConfigs: []turn.ListenerConfig{{Listener: t.door, RelayAddressGenerator: (*turnWays)(t)}},
	}
	var err error
	if c.UDP != "" {
		if t.udp, err = net.ListenPacket("udp", c.UDP); err != nil {
			return nil, fmt.Errorf("media: %w", err)
		}
		conf.PacketConnConfigs = []turn.PacketConnConfig{{PacketConn: t.udp, RelayAddressGenerator: (*turnWays)(t)}}
	}
	if c.TCP != "" {
		if t.tcp, err = net.Listen("tcp", c.TCP); err != nil {
			return nil, errors.Join(fmt.Errorf("media: %w", err), t.shut())
		}
		conf.ListenerConfigs = append(conf.ListenerConfigs, turn.ListenerConfig{Listener: watching{t.tcp, t}, RelayAddressGenerator: (*turnWays)(t)})
	}
	if t.server, err = turn.NewServer(conf); err != nil {
		return nil, errors.Join(fmt.Errorf("media: %w", err), t.shut())
	}
	return t, nil
}

// shut gives back what was opened before something failed.
func (t *Turn) shut() error {
	err := t.door.Close()
	if t.udp != nil {
		err = errors.Join(err, t.udp.Close())
	}
	if t.tcp != nil {
		err = errors.Join(err, t.tcp.Close())
	}
	return err
}

// Close ends all ways and gives the addresses back.
func (t *Turn) Close() error {
	err := t.server.Close()
	t.mu.Lock()
	conns := slices.Collect(maps.Keys(t.conns))
	t.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // it may have ended by itself
	}
	return err
}

// UDP and TCP are the addresses that OpenTurn opened; nil for none.
func (t *Turn) UDP() net.Addr {
	if t.udp == nil {
		return nil
	}
	return t.udp.LocalAddr()
}

// TCP is described with UDP.
func (t *Turn) TCP() net.Addr {
	if t.tcp == nil {
		return nil
	}
	return t.tcp.Addr()
}

// Take serves a connection that came in elsewhere, such as on the port of the
// sites under a name of its own, and closes it in the end.
func (t *Turn) Take(conn net.Conn) { t.door.take(t.watch(conn)) }

// Credentials are a user name and password for one page, for half a day. They say
// nothing of who has them.
func (t *Turn) Credentials() (user, password string) {
	user = strconv.FormatInt(t.now().Add(turnTime).Unix(), 10) + ":" + rand.Text()
	return user, t.password(user)
}

func (t *Turn) password(user string) string {
	h := hmac.New(sha256.New, t.secret)
	h.Write([]byte(user))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// key is what a request must be signed with (RFC 8489 section 9.2.2).
func (t *Turn) key(a *turn.RequestAttributes) (user string, key []byte, ok bool) {
	until, _, _ := strings.Cut(a.Username, ":")
	at, err := strconv.ParseInt(until, 10, 64)
	if err != nil || t.now().Unix() > at {
		return "", nil, false
	}
	return a.Username, turn.GenerateAuthKey(a.Username, a.Realm, t.password(a.Username)), true
}

func (t *Turn) mayOpen(user, _ string, _ net.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ways[user] < turnEach && t.all < turnAll
}

func (t *Turn) opened(user string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all += n
	if t.ways[user] += n; t.ways[user] <= 0 {
		delete(t.ways, user)
	}
}

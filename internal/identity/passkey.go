package identity

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"candour/internal/store"
)

// Limits of passkeys.
const (
	maxPasskeys   = 20       // of an account
	maxAnswer     = 16 << 10 // octets of what a browser answers
	ceremonyLasts = 5 * time.Minute
	maxCeremonies = 1 << 14 // answers remembered as used, registrations under way
)

// Party is the relying party of a request: passkeys belong to the parent of
// all surfaces, and each surface's origin is checked (WebAuthn Level 3 section
// 5.1.3).
type Party struct {
	Domain string // the parent, such as example.net
	Name   string // what people call the operator
	Origin string // of the surface, with its port
}

func (p Party) webauthn() (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: p.Domain, RPDisplayName: p.Name, RPOrigins: []string{p.Origin},
		AttestationPreference: protocol.PreferNoAttestation, // which maker made it is nobody's business
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, errors.New("identity: this host cannot have passkeys")
	}
	return w, nil
}

// ceremonies hands out challenges and takes a good answer to each once. A challenge for
// signing in is signed and not kept, so that asking for many fills nothing. It
// is safe for concurrent use.
type ceremonies struct {
	secret [32]byte // of this process: after a restart no old challenge is good
	now    func() time.Time

	mu        sync.Mutex
	spent     map[string]time.Time
	registers map[int64]webauthn.SessionData // by session
}

func newCeremonies(now func() time.Time) *ceremonies {
	c := &ceremonies{now: now, spent: map[string]time.Time{}, registers: map[int64]webauthn.SessionData{}}
	_, _ = rand.Read(c.secret[:]) // never fails
	return c
}

const (
	nonceSize     = 16
	challengeSize = nonceSize + 8 + sha256.Size
)

func (c *ceremonies) sign(use string, head []byte) []byte {
	m := hmac.New(sha256.New, c.secret[:])
	m.Write([]byte(use + "\x00"))
	m.Write(head)
	return m.Sum(nil)
}

// challenge returns a new one for a use.
func (c *ceremonies) challenge(use string) []byte {
	b := make([]byte, nonceSize, challengeSize)
	_, _ = rand.Read(b) // never fails
	b = binary.BigEndian.AppendUint64(b, uint64(c.now().Add(ceremonyLasts).UnixMilli()))
	return append(b, c.sign(use, b)...)
}

// ours reports whether a challenge is one that was given out for a use, and not
// too old.
func (c *ceremonies) ours(use string, b []byte) bool {
	return len(b) == challengeSize && hmac.Equal(b[nonceSize+8:], c.sign(use, b[:nonceSize+8])) && c.now().Before(until(b))
}

// until is when a challenge of ours is over.
func until(b []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[nonceSize:])))
}

// spend reports whether a challenge of ours is answered for the first time. It
// is asked once the answer has proven to be a passkey's: everybody can have
// challenges, and could else fill what is remembered.
func (c *ceremonies) spend(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if _, used := c.spent[string(b)]; used {
		return false
	}
	if len(c.spent) >= maxCeremonies {
		for k, t := range c.spent {
			if !now.Before(t) {
				delete(c.spent, k)
			}
		}
		if len(c.spent) >= maxCeremonies {
			return false // so many good answers in five minutes are not people's
		}
	}
	c.spent[string(b)] = until(b)
	return true
}

func (c *ceremonies) register(session int64, data webauthn.SessionData) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.registers) >= maxCeremonies {
		clear(c.registers) // whoever is in the middle begins again
	}
	c.registers[session] = data
}

func (c *ceremonies) registered(session int64) (webauthn.SessionData, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, ok := c.registers[session]
	delete(c.registers, session)
	return data, ok
}

// holder is an account as the library wants it. The name is the account's
// reference: the device shows it, and need not know more.
type holder struct {
	handle []byte
	name   string
	keys   []webauthn.Credential
}

func (h *holder) WebAuthnID() []byte                         { return h.handle }
func (h *holder) WebAuthnName() string                       { return h.name }
func (h *holder) WebAuthnDisplayName() string                { return h.name }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// passkey is a credential with what it holds.
type passkey struct {
	Credential
	key webauthn.Credential
}

// passkeys returns those of an account.
func (a *Accounts) passkeys(ctx context.Context, tx *store.Tx, d declared, account int64) (list []passkey, err error) {
	all, err := a.credentials(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	for _, c := range ofKind(all, KindPasskey) {
		value, err := a.secret(ctx, tx, d, c)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p := passkey{Credential: c}
		if err := json.Unmarshal(value, &p.key); err != nil {
			return nil, errors.New("identity: a passkey cannot be read")
		}
		list = append(list, p)
	}
	return list, nil
}

func (a *Accounts) holder(x Account, name string, keys []passkey) *holder {
	h := &holder{handle: []byte(a.handles.Make(x.ID)), name: name}
	for _, k := range keys {
		h.keys = append(h.keys, k.key)
	}
	return h
}

// PasskeyQuestion returns what a browser is asked for a sign-in on a surface,
// as JSON for PublicKeyCredential.parseRequestOptionsFromJSON.
func (a *Accounts) PasskeyQuestion(p Party, surface string) ([]byte, error) {
	question, _, err := p.question(a.ceremony.challenge(surface))
	if err != nil {
		return nil, err
	}
	return json.Marshal(question.Response)
}

func (p Party) question(challenge []byte) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	w, err := p.webauthn()
	if err != nil {
		return nil, nil, err
	}
	q, data, err := w.BeginDiscoverableLogin(webauthn.WithChallenge(challenge), webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, errors.New("identity: a passkey cannot be asked for")
	}
	return q, data, nil
}

// SignInPasskey checks a browser's answer and begins a whole session: a passkey
// is two factors. ErrSignIn whatever was wrong.
func (a *Accounts) SignInPasskey(ctx context.Context, p Party, surface string, answer []byte, dev Device) (token string, s *Session, err error) {
	rest := a.wait(ctx)
	token, s, err = a.signInPasskey(ctx, p, surface, answer, dev, nil)
	if err != nil {
		rest()
	}
	return token, s, err
}

// ProvePasskey is step-up by passkey. An answer that comes in twice within
// seconds is taken twice. ErrCode if it is not right.
func (a *Accounts) ProvePasskey(ctx context.Context, p Party, s *Session, answer []byte) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	_, _, err = a.signInPasskey(ctx, p, s.Surface, answer, Device{}, s)
	if errors.Is(err, ErrSignIn) {
		return a.proveTwice(ctx, s, string(answer))
	}
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error { return a.renew(ctx, tx, d, s, s.Level, a.c.Now()) })
}

// signInPasskey finds and checks the passkey of an answer. For a step-up it must
// be one of the account of by, and no session begins.
func (a *Accounts) signInPasskey(ctx context.Context, p Party, surface string, answer []byte, dev Device, by *Session) (string, *Session, error) {
	d, err := a.declared()
	if err != nil {
		return "", nil, err
	}
	parsed, challenge, ok := parseAnswer(answer)
	if !ok || !a.ceremony.ours(surface, challenge) {
		return "", nil, ErrSignIn
	}
	_, data, err := p.question(challenge)
	if err != nil {
		return "", nil, err
	}
	w, err := p.webauthn()
	if err != nil {
		return "", nil, err
	}
	x, keys, err := a.byHandle(ctx, d, surface, parsed.Response.UserHandle)
	if err != nil {
		return "", nil, err
	}
	if by != nil && x.ID != by.Account.ID {
		return "", nil, ErrSignIn
	}
	found, err := w.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) {
		return a.holder(x, x.Reference, keys), nil
	}, *data, parsed)
	if err != nil || found.Authenticator.CloneWarning || !a.ceremony.spend(challenge) {
		return "", nil, ErrSignIn // what the library says may quote the answer
	}
	var token string
	var s *Session
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.noteUse(ctx, tx, d, surface, x, keys, found); err != nil {
			return err
		}
		if by != nil {
			who := candidate{account: x}
			err := a.prepare(ctx, tx, d, &who)
			a.doubles.prove(by.ID, who.against(string(answer)))
			return err
		}
		token, s, err = a.begin(ctx, tx, d, x, surface, Whole, wayPasskey, dev)
		return err
	})
	return token, s, err
}

// noteUse writes what a use changed of a passkey. ErrSignIn if the account was
// closed, or the passkey removed, while its answer was checked.
func (a *Accounts) noteUse(ctx context.Context, tx *store.Tx, d declared, surface string, x Account, keys []passkey, found *webauthn.Credential) error {
	err := a.hold(ctx, tx, x.ID)
	if errors.Is(err, ErrNotFound) {
		return ErrSignIn
	}
	if err != nil {
		return err
	}
	value, err := json.Marshal(found)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if !bytes.Equal(k.key.ID, found.ID) {
			continue
		}
		if there, err := a.used(ctx, tx, k.Credential, 0); err != nil || !there {
			return cmp.Or(err, ErrSignIn)
		}
		return a.replace(ctx, tx, d, surface, x.Role.Actor(), k.Credential, value)
	}
	return ErrSignIn
}

// parseAnswer reads a browser's answer and the challenge that it says it is
// for.
func parseAnswer(answer []byte) (*protocol.ParsedCredentialAssertionData, []byte, bool) {
	if len(answer) > maxAnswer {
		return nil, nil, false
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, nil, false
	}
	challenge, err := base64.RawURLEncoding.DecodeString(parsed.Response.CollectedClientData.Challenge)
	return parsed, challenge, err == nil
}

// byHandle returns the account of a user handle and its passkeys. ErrSignIn if
// there is none that signs in on the surface.
func (a *Accounts) byHandle(ctx context.Context, d declared, surface string, handle []byte) (x Account, keys []passkey, err error) {
	id, ok := a.handles.Check(string(handle))
	if !ok {
		return x, nil, ErrSignIn
	}
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		if x, err = a.ByID(ctx, tx, id); err != nil {
			return err
		}
		keys, err = a.passkeys(ctx, tx, d, id)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && !d.opens(x.Role, surface) {
		return x, nil, ErrSignIn
	}
	return x, keys, err
}

// NewPasskey returns what a browser is asked to make a passkey, as JSON for
// PublicKeyCredential.parseCreationOptionsFromJSON. ErrProof without a fresh
// proof, ErrLast if the account has as many as it may.
func (a *Accounts) NewPasskey(ctx context.Context, p Party, by *Session) ([]byte, error) {
	if !by.Fresh(a.c.Now()) {
		return nil, ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return nil, err
	}
	name := by.Account.Reference
	if held, err := a.Address(ctx, by.Account); err == nil {
		name = held.Reveal() // it stays on the device, where people tell accounts apart by it
	}
	var keys []passkey
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		keys, err = a.passkeys(ctx, tx, d, by.Account.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(keys) >= maxPasskeys {
		return nil, ErrLast
	}
	w, err := p.webauthn()
	if err != nil {
		return nil, err
	}
	h := a.holder(by.Account, name, keys)
	var have []protocol.CredentialDescriptor
	for i := range h.keys {
		have = append(have, h.keys[i].Descriptor())
	}
	question, data, err := w.BeginRegistration(h, webauthn.WithExclusions(have))
	if err != nil {
		return nil, errors.New("identity: a passkey cannot be made")
	}
	data.Expires = a.c.Now().Add(ceremonyLasts)
	a.ceremony.register(by.ID, *data)
	return json.Marshal(question.Response)
}

// AddPasskey keeps the passkey that a browser made. The session is whole from
// now on, with another token. ErrProof without a fresh
// proof, ErrCode if the answer is not one to the question that was asked.
func (a *Accounts) AddPasskey(ctx context.Context, p Party, by *Session, answer []byte) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	data, ok := a.ceremony.registered(by.ID)
	if !ok || len(answer) > maxAnswer || !a.c.Now().Before(data.Expires) {
		return ErrCode
	}
	data.Expires = time.Time{} // by our clock, above
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return ErrCode
	}
	w, err := p.webauthn()
	if err != nil {
		return err
	}
	made, err := w.CreateCredential(a.holder(by.Account, by.Account.Reference, nil), data, parsed)
	if err != nil {
		return ErrCode // what the library says may quote the answer
	}
	value, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		if err := a.addCredential(ctx, tx, d, by.Account, by.Surface, KindPasskey, value); err != nil {
			return err
		}
		if err := a.renew(ctx, tx, d, by, Whole, by.Proved); err != nil {
			return err
		}
		return a.changed(ctx, tx, d, by.Account, by.Surface, "passkey.added")
	})
}

package console

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"time"

	"candour/internal/identity"
	"candour/internal/keys"
)

// passLasts is how long somebody who was found can be looked at before they
// must be found again, with a purpose stated anew.
const passLasts = time.Hour

// passes makes and opens what stands in the address of a person's page. A pass
// is sealed, so that an address tells nothing, to a log either; it is bound to
// one sign-in and one purpose and ends by itself, so that it is worth nothing
// to anybody else. Nothing is stored for it.
type passes struct{ aead cipher.AEAD }

// pass is leave to look at one person for one purpose.
type pass struct {
	subject keys.SubjectID
	purpose string
	until   time.Time
}

// newPasses returns the passes under a key of 32 octets.
func newPasses(key []byte) passes {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // a secret of the ring has 32 octets
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the cipher is AES
	}
	return passes{aead}
}

const passHead = 16 // octets: subject and end

// boundTo is what a pass is bound to.
func boundTo(me *identity.Session) []byte {
	return binary.BigEndian.AppendUint64([]byte(me.Account.Role+" "), uint64(me.ID))
}

func (p passes) make(me *identity.Session, x pass) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, passHead+len(x.purpose)), uint64(x.subject))
	b = binary.BigEndian.AppendUint64(b, uint64(x.until.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(p.aead.Seal(nil, nil, append(b, x.purpose...), boundTo(me)))
}

// maxPass bounds what is opened, in characters: a purpose has at most 64.
const maxPass = 256

// open returns what a pass is for, if it was made for this sign-in and is good
// now. There is one spelling of each.
func (p passes) open(me *identity.Session, text string, now time.Time) (pass, bool) {
	if len(text) > maxPass {
		return pass{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(sealed)) != len(text) { // the decoder skips line ends
		return pass{}, false
	}
	b, err := p.aead.Open(nil, nil, sealed, boundTo(me))
	if err != nil || len(b) < passHead {
		return pass{}, false
	}
	x := pass{
		subject: keys.SubjectID(binary.BigEndian.Uint64(b)),
		until:   time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:]))).UTC(),
		purpose: string(b[passHead:]),
	}
	return x, now.Before(x.until)
}

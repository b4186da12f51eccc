package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Sizes of a sealed message, in bytes.
const (
	recordSize = 4096 // RFC 8291 section 4: one record, and no larger
	saltSize   = 16   // RFC 8188 section 2.1
	authSize   = 16   // RFC 8291 section 3.2
	padded     = 64   // every message of ours is as long as any other
)

// seal encrypts a message for the browser of a subscription (RFC 8291 section
// 3.4, RFC 8188). It is filled up to one length, so that its length says nothing
// of what it says.
func seal(message []byte, to Subscription) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)                             // never fails
	text := append(append([]byte(nil), message...), 2) // the last record, RFC 8188 section 2
	for len(text) < padded {
		text = append(text, 0)
	}
	return sealWith(text, to, own, salt)
}

// sealWith encrypts one whole record.
func sealWith(text []byte, to Subscription, own *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	shared, err := own.ECDH(to.key)
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	public := own.PublicKey().Bytes()
	derived := func(secret, salt []byte, info string, n int) (key []byte) {
		if err == nil {
			key, err = hkdf.Key(sha256.New, secret, salt, info, n)
		}
		return key
	}
	ikm := derived(shared, to.auth, "WebPush: info\x00"+string(to.key.Bytes())+string(public), sha256.Size)
	key := derived(ikm, salt, "Content-Encoding: aes128gcm\x00", aes.BlockSize)
	nonce := derived(ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	out := append([]byte(nil), salt...)
	out = binary.BigEndian.AppendUint32(out, recordSize)
	out = append(append(out, byte(len(public))), public...)
	return gcm.Seal(out, nonce, text, nil), nil
}

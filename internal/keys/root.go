package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/core/registry"
)

// keySize is the size of every symmetric key here, in bytes (AES-256).
const keySize = 32

// Names of the files in the folder of keys.
const (
	rootFile  = "root.key"
	indexFile = "index.key"
	logFile   = "log.key"
)

// Kinds of root file.
const (
	kindRoot = "root"
	kindKMS  = "root kms " // followed by the URI of the key
)

// root is the secret everything else hangs on. Its parts are derived by HKDF
// (RFC 5869), so that no two uses share a key.
type root struct {
	secret []byte
	seal   *box // seals the key files
}

func newRoot(secret []byte) (*root, error) {
	r := &root{secret: secret}
	var err error
	r.seal, err = newBox(r.derive("files"))
	return r, err
}

// derive returns the key for one use of the root.
func (r *root) derive(label string) []byte {
	k, err := hkdf.Key(sha256.New, r.secret, nil, "candour root v1 "+label, keySize)
	if err != nil {
		panic(err) // only for a length that HKDF cannot give
	}
	return k
}

// openRoot reads the root, or makes it when fresh says that nothing in the
// database or the folder can depend on one. kms, if not empty, is the URI of
// the service's key that seals a new root.
func openRoot(dir, kms string, fresh bool) (*root, error) {
	path := filepath.Join(dir, rootFile)
	kind, sealed, err := readKeyFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fresh:
		return makeRoot(path, kms)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s is missing; put it back from where the root key is kept, because nothing in this store opens without it", ErrRoot, path)
	case err != nil:
		return nil, err
	case kind == kindRoot && len(sealed) == keySize:
		return newRoot(sealed)
	case strings.HasPrefix(kind, kindKMS):
		secret, err := throughKMS(strings.TrimPrefix(kind, kindKMS), sealed, false)
		if err != nil {
			return nil, err
		}
		return newRoot(secret)
	}
	return nil, notAKey(path)
}

func makeRoot(path, kms string) (*root, error) {
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret)
	kind, stored := kindRoot, secret
	if kms != "" {
		var err error
		kind = kindKMS + kms
		if stored, err = throughKMS(kms, secret, true); err != nil {
			return nil, err
		}
	}
	if err := writeKeyFile(path, kind, stored); err != nil {
		return nil, err
	}
	return newRoot(secret)
}

// throughKMS seals or opens the root with the service's key at uri. The
// program that starts Candour registers the client of its service with Tink's
// registry.
func throughKMS(uri string, in []byte, seal bool) ([]byte, error) {
	client, err := registry.GetKMSClient(uri)
	if err != nil {
		return nil, fmt.Errorf("%w: no key management service for the address in %s; build with its Tink client, or use a root key in a file", ErrRoot, rootFile)
	}
	aead, err := client.GetAEAD(uri)
	if err != nil {
		return nil, fmt.Errorf("%w: the key management service does not give its key: %w", ErrRoot, err)
	}
	ad := []byte("candour root v1")
	var out []byte
	if seal {
		out, err = aead.Encrypt(in, ad)
	} else {
		out, err = aead.Decrypt(in, ad)
	}
	if err != nil || (!seal && len(out) != keySize) {
		return nil, fmt.Errorf("%w: the key management service does not open %s; check that the address and the key are the ones it was made with", ErrRoot, rootFile)
	}
	return out, nil
}

// openSealed reads a file that the root sealed.
func (r *root) openSealed(path, kind string) ([]byte, error) {
	have, sealed, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	if have != kind {
		return nil, notAKey(path)
	}
	plain, err := r.seal.open(sealed, []byte(kind))
	if err != nil {
		return nil, fmt.Errorf("%w: %s does not open %s; put back the root key this folder was made with", ErrRoot, rootFile, filepath.Base(path))
	}
	return plain, nil
}

func (r *root) writeSealed(path, kind string, plain []byte) error {
	return writeKeyFile(path, kind, r.seal.seal(plain, []byte(kind)))
}

// openOrMake reads the sealed key of that kind, or makes a random one where
// fresh allows it.
func (r *root) openOrMake(path, kind string, fresh bool) ([]byte, error) {
	key, err := r.openSealed(path, kind)
	if !errors.Is(err, fs.ErrNotExist) || !fresh {
		return key, err
	}
	key = make([]byte, keySize)
	_, _ = rand.Read(key)
	return key, r.writeSealed(path, kind, key)
}

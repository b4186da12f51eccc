package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// TagVersion is the version of the index key, stored with each tag so that a
// new key can replace it step by step.
const TagVersion = 1

// tagLength is the length of a tag: HMAC-SHA-256 cut to 128 bits (NIST SP
// 800-107, section 5.1), which halves the index.
const tagLength = 16

type tagger struct{ pool sync.Pool }

func newTagger(key []byte) *tagger {
	return &tagger{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Tag returns the look-up tag of a normalised value in a category. Whoever has
// the index key can try out telephone numbers in minutes: it lies with the
// root, and few categories have tags.
func (r *Ring) Tag(category, normalised string) []byte {
	m := r.index.pool.Get().(hash.Hash)
	defer r.index.pool.Put(m)
	m.Reset()
	// The length in front separates the domains.
	_, _ = m.Write([]byte{byte(len(category) >> 8), byte(len(category))})
	_, _ = m.Write([]byte(category))
	_, _ = m.Write([]byte(normalised))
	return m.Sum(nil)[:tagLength]
}

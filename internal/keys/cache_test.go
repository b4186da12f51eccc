package keys

import "testing"

// Between the reading of a key and the adding of its cipher another
// transaction may close or destroy it.
func TestCacheDoesNotTakeBackWhatWasForgotten(t *testing.T) {
	c := newCache()
	defer c.clear()
	k := sealerKey{Scope: Scope{Subject: 7, Class: "c"}}
	stamp := c.stamp()
	c.forget([]SubjectID{7})
	c.addSealer(k, &Cipher{keyID: 1, subject: 7}, stamp)
	if _, ok := c.sealer(k); ok {
		t.Error("a sealer that was read before its key was closed is used")
	}
	c.addSealer(k, &Cipher{keyID: 2, subject: 7}, c.stamp())
	if x, ok := c.sealer(k); !ok || x.keyID != 2 {
		t.Error("the next one is not")
	}
	c.forget([]SubjectID{7})
	c.bury(2)
	c.addCipher(cipherKey{id: 2}, &Cipher{keyID: 2, subject: 7})
	if _, ok := c.cipher(cipherKey{id: 2}); ok {
		t.Error("a reader of an old snapshot brought a destroyed key back")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	defer c.clear()
	for i := range int64(3 * cacheSize) {
		c.addCipher(cipherKey{id: i}, &Cipher{keyID: i, subject: SubjectID(i)})
		if n := c.young.size() + c.old.size(); n > cacheSize {
			t.Fatalf("%d entries, want at most %d", n, cacheSize)
		}
	}
	if _, ok := c.cipher(cipherKey{id: 3*cacheSize - 1}); !ok {
		t.Error("the newest is gone")
	}
}

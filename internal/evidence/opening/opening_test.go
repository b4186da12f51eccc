package opening_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	f_log "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"candour/internal/evidence/opening"
)

const name = "provider.example/evidence"

// made is a small log made without any of our code for logs.
type made struct {
	vkey   string
	signer note.Signer
	open   []opening.Opening
}

// make returns a log of n entries with the opening of each.
func makeLog(tb testing.TB, n int) made {
	tb.Helper()
	secret, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		tb.Fatal(err)
	}
	m := made{vkey: vkey}
	if m.signer, err = note.NewSigner(secret); err != nil {
		tb.Fatal(err)
	}
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = hashes[at]
		}
		return out, nil
	})
	for i := range n {
		o := opening.Opening{Seq: uint64(i), Salt: opening.Salt{byte(i)}, Body: []byte(`{"at":1,"kind":"sweep.done"}`)}
		leaf := opening.Leaf{Seq: o.Seq, Commitment: opening.Commit(o.Salt, o.Body), Row: opening.RowHash(int64(i), []byte{0})}
		o.Leaf = leaf.Bytes()
		more, err := tlog.StoredHashes(int64(i), o.Leaf, reader)
		if err != nil {
			tb.Fatal(err)
		}
		hashes = append(hashes, more...)
		m.open = append(m.open, o)
	}
	root, err := tlog.TreeHash(int64(n), reader)
	if err != nil {
		tb.Fatal(err)
	}
	cp := m.sign(tb, string(f_log.Checkpoint{Origin: name, Size: uint64(n), Hash: root[:]}.Marshal()))
	for i := range m.open {
		p, err := tlog.ProveRecord(int64(n), int64(i), reader)
		if err != nil {
			tb.Fatal(err)
		}
		for _, h := range p {
			m.open[i].Proof = append(m.open[i].Proof, opening.Hash(h))
		}
		m.open[i].Checkpoint = cp
	}
	return m
}

func (m made) sign(tb testing.TB, text string) string {
	tb.Helper()
	raw, err := note.Sign(&note.Note{Text: text}, m.signer)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

// Openings verify with our code and, step by step, with others' alone.
func TestOpening(t *testing.T) {
	m := makeLog(t, 11)
	v, err := note.NewVerifier(m.vkey)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range m.open {
		if _, err := opening.VerifyOpening(m.vkey, o); err != nil {
			t.Errorf("entry %d: %v", o.Seq, err)
		}
		cp, _, _, err := f_log.ParseCheckpoint([]byte(o.Checkpoint), name, v)
		if err != nil {
			t.Fatal(err)
		}
		hashes := make([][]byte, len(o.Proof))
		for i, h := range o.Proof {
			hashes[i] = h[:]
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(o.Leaf)
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, o.Seq, cp.Size, leaf, hashes, cp.Hash); err != nil {
			t.Errorf("entry %d, by another library: %v", o.Seq, err)
		}
	}
}

// The formats are fixed: a leaf of version 1 is this, byte for byte.
func TestFormats(t *testing.T) {
	salt := opening.Salt(bytes.Repeat([]byte{7}, opening.SaltSize))
	leaf := opening.Leaf{Seq: 258, Commitment: opening.Commit(salt, []byte(`{"at":1}`)), Row: opening.RowHash(258, []byte{0, 1, 2})}
	// Made with Python's hashlib.
	const want = "63616e646f75722d6c6561662f76310a" + "0000000000000102" +
		"a4f2e9180326f028e4c1d18cb1368e0389bbf101b86dd4936614efbcb474bd13" +
		"a9dd03a69517cf0e08dfb04a5592b96f906b074ac6ffa20a13d8ea4a030b1e98"
	if got := hex.EncodeToString(leaf.Bytes()); got != want {
		t.Errorf("a leaf is %s", got)
	}
	back, err := opening.ParseLeaf(leaf.Bytes())
	if err != nil || back != leaf {
		t.Errorf("read back: %v %v", back, err)
	}
}

// What was changed in an opening is told.
func TestOpeningRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(m *made, o *opening.Opening)
		want   error
	}{
		{"body", func(_ *made, o *opening.Opening) { o.Body = []byte(`{"at":2,"kind":"sweep.done"}`) }, opening.ErrBody},
		{"body in another order", func(_ *made, o *opening.Opening) { o.Body = []byte(`{"kind":"sweep.done","at":1}`) }, opening.ErrBody},
		{"salt", func(_ *made, o *opening.Opening) { o.Salt[31] ^= 1 }, opening.ErrBody},
		{"place", func(_ *made, o *opening.Opening) { o.Seq++ }, opening.ErrPlace},
		{"leaf", func(_ *made, o *opening.Opening) { o.Leaf[87] ^= 1 }, opening.ErrProof},
		{"leaf's version", func(_ *made, o *opening.Opening) { o.Leaf[14] ^= 1 }, opening.ErrLeaf},
		{"proof", func(_ *made, o *opening.Opening) { o.Proof[1][0] ^= 1 }, opening.ErrProof},
		{"proof cut short", func(_ *made, o *opening.Opening) { o.Proof = o.Proof[1:] }, opening.ErrProof},
		{"checkpoint of another key", func(_ *made, o *opening.Opening) { o.Checkpoint = makeLog(t, 11).open[0].Checkpoint }, opening.ErrOtherKey},
		{"checkpoint's text", func(_ *made, o *opening.Opening) { o.Checkpoint = strings.Replace(o.Checkpoint, "\n11\n", "\n12\n", 1) }, opening.ErrSignature},
		{"a line more", func(m *made, o *opening.Opening) {
			text, _, _ := strings.Cut(o.Checkpoint, "\n\n")
			o.Checkpoint = m.sign(t, text+"\nmore\n")
		}, opening.ErrNotCanonical},
		{"a zero in front", func(m *made, o *opening.Opening) {
			text, _, _ := strings.Cut(o.Checkpoint, "\n\n")
			o.Checkpoint = m.sign(t, strings.Replace(text, "\n11\n", "\n011\n", 1)+"\n")
		}, opening.ErrNotCanonical},
	} {
		m := makeLog(t, 11)
		o := m.open[5]
		c.change(&m, &o)
		if _, err := opening.VerifyOpening(m.vkey, o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// An opening as written follows its schema, reads back, and may be indented.
func TestOpeningJSON(t *testing.T) {
	m := makeLog(t, 11)
	raw, err := json.MarshalIndent(m.open[3], "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(opening.Schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("opening.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("opening.json")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Error(err)
	}
	var back opening.Opening
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if _, err := opening.VerifyOpening(m.vkey, back); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		`{}`, `[]`, `null`, strings.Replace(string(raw), "opening/v1", "opening/v2", 1),
		strings.Replace(string(raw), `"seq"`, `"sequence"`, 1), strings.Replace(string(raw), `=",`, `",`, 1),
	} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%.60q is read as an opening", bad)
		}
	}
}

// One flipped bit in a checkpoint, anywhere, is refused.
func TestEveryBitOfACheckpoint(t *testing.T) {
	m := makeLog(t, 300)
	good := []byte(m.open[0].Checkpoint)
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			if _, _, err := opening.ParseCheckpoint(bad, m.vkey); err == nil {
				t.Errorf("bit %d of byte %d flipped: %q", bit, i, bad)
			}
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	m := makeLog(f, 3)
	f.Add([]byte(m.open[0].Checkpoint))
	f.Add([]byte(strings.TrimSuffix(m.open[0].Checkpoint, "\n")))
	f.Add([]byte("a\n1\nb\n\n\u2014 a b\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		cp, _, err := opening.ParseCheckpoint(raw, m.vkey)
		if err == nil && (cp.Origin != name || cp.Size != 3) {
			t.Errorf("%q is taken for signed", raw)
		}
	})
}

func FuzzUnmarshalOpening(f *testing.F) {
	raw, err := json.Marshal(makeLog(f, 3).open[1])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var o opening.Opening
		if json.Unmarshal(raw, &o) != nil {
			return
		}
		if _, err := json.Marshal(o); err != nil {
			t.Errorf("%q is read and cannot be written: %v", raw, err)
		}
	})
}

func FuzzParseLeaf(f *testing.F) {
	f.Add(opening.Leaf{Seq: 1}.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if l, err := opening.ParseLeaf(raw); err == nil && !bytes.Equal(l.Bytes(), raw) {
			t.Errorf("%q has another encoding", raw)
		}
	})
}

package vault

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candour/internal/keys"
	"candour/internal/store"
)

// Receipt says what was done to erase a person. It names nobody: the keys that
// were destroyed are numbers that mean nothing once they are gone.
type Receipt struct {
	Version   int            `json:"version"`
	ID        int64          `json:"id"`
	Started   time.Time      `json:"started"`
	Stages    []string       `json:"stages"` // complete, in order
	Complete  bool           `json:"complete"`
	Destroyed []int64        `json:"destroyed"` // data keys
	Kept      []string       `json:"kept"`      // retention classes a law, or a legal claim, keeps; restricted to that
	Epoch     int64          `json:"epoch,omitempty"`
	Root      keys.Root      `json:"root"` // of the list of live keys, as in the evidence of the epoch
	Absences  []keys.Absence `json:"absences"`
	Limits    []string       `json:"limits"`
	Signed    []byte         `json:"-"` // the signed note around the JSON, once complete
}

// receiptVersion counts the formats of receipts.
const receiptVersion = 1

// limits is what no receipt can prove.
var limits = []string{
	"That nobody copied the data before it was erased: paper, screens, other systems.",
	"That a recipient to whom it was disclosed erased it; the disclosures are listed in the history.",
	"That no copy of an old key exists outside this system, for instance in a backup of the keys that was kept against the instructions.",
	"That a disk holds no trace of destroyed key files in blocks it no longer uses; what lies there is sealed by the root key.",
}

// Receipt returns the receipt of an erasure as far as it goes. ErrNotFound if
// there is no such erasure.
func (v *Vault) Receipt(ctx context.Context, id int64) (Receipt, error) {
	var r Receipt
	err := v.st.View(ctx, func(tx *store.Tx) error {
		var err error
		r, err = v.receipt(ctx, tx, id)
		return err
	})
	return r, err
}

// ReceiptIn is Receipt within a transaction.
func (v *Vault) ReceiptIn(ctx context.Context, tx *store.Tx, id int64) (Receipt, error) {
	return v.receipt(ctx, tx, id)
}

func (v *Vault) receipt(ctx context.Context, tx *store.Tx, id int64) (Receipt, error) {
	var stage, started int64
	var destroyed []byte
	var kept, signed string
	err := tx.QueryRow(ctx, "SELECT stage, started_ms, destroyed, kept, receipt FROM erasures WHERE id = $1", id).
		Scan(&stage, &started, &destroyed, &kept, &signed)
	if errors.Is(err, sql.ErrNoRows) {
		return Receipt{}, ErrNotFound
	}
	if err != nil {
		return Receipt{}, err
	}
	if signed != "" {
		text, _, _ := strings.Cut(signed, "\n")
		r, err := decodeReceipt(text)
		r.Signed = []byte(signed)
		return r, err
	}
	r := Receipt{Version: receiptVersion, ID: id, Started: store.Time(started), Limits: limits, Destroyed: []int64{}, Kept: []string{}, Absences: []keys.Absence{}}
	for ; len(destroyed) >= 8; destroyed = destroyed[8:] {
		r.Destroyed = append(r.Destroyed, int64(binary.BigEndian.Uint64(destroyed)))
	}
	if kept != "" {
		r.Kept = strings.Split(kept, ",")
	}
	r.upTo(Stage(stage))
	return r, nil
}

func (r *Receipt) upTo(last Stage) {
	r.Stages = nil
	for s := KeysDestroyed; s <= last; s++ {
		r.Stages = append(r.Stages, s.String())
	}
	r.Complete = last == ReceiptSigned
}

// signReceipts is the fifth stage.
func (v *Vault) signReceipts(ctx context.Context) error {
	waiting, err := v.atStage(ctx, EpochRotated)
	if err != nil {
		return err
	}
	for _, id := range waiting {
		if err := v.signReceipt(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) signReceipt(ctx context.Context, id int64) error {
	r, err := v.Receipt(ctx, id)
	if err != nil {
		return err
	}
	epoch, proofs, err := v.ring.Absences(ctx, r.Destroyed)
	if err != nil {
		return err
	}
	r.Epoch, r.Root, r.Absences = epoch.Number, epoch.Root, proofs
	r.upTo(ReceiptSigned)
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	name, _, _ := strings.Cut(v.log.VerifierKey(), "+")
	signed, err := v.ring.Sign(name, string(text)+"\n")
	if err != nil {
		return err
	}
	return v.st.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE erasures SET done_ms = $1, receipt = $2 WHERE id = $3", v.now().UnixMilli(), string(signed), id)
		if err != nil {
			return err
		}
		return v.reach(ctx, tx, ReceiptSigned, id)
	})
}

// maxReceipt bounds a receipt that is checked, in bytes.
const maxReceipt = 16 << 20

// ErrReceipt says that a receipt does not hold.
var ErrReceipt = errors.New("vault: the receipt does not hold")

func decodeReceipt(text string) (Receipt, error) {
	var r Receipt
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Version != receiptVersion || d.More() {
		return Receipt{}, fmt.Errorf("%w: it is not one of this version", ErrReceipt)
	}
	return r, nil
}

// VerifyReceipt checks a signed receipt with the verifier key of the evidence
// log: the signature, and for each destroyed key the proof that it is absent
// from the list of its epoch. Whoever checks compares Epoch and Root with the
// entry of that epoch in the log.
func VerifyReceipt(signed []byte, verifierKey string) (Receipt, error) {
	if len(signed) > maxReceipt {
		return Receipt{}, fmt.Errorf("%w: it is too long", ErrReceipt)
	}
	verifier, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: the verifier key cannot be read", ErrReceipt)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: the signature does not fit", ErrReceipt)
	}
	r, err := decodeReceipt(n.Text)
	if err != nil {
		return Receipt{}, err
	}
	if len(r.Absences) != len(r.Destroyed) {
		return Receipt{}, fmt.Errorf("%w: a destroyed key has no proof", ErrReceipt)
	}
	for i, a := range r.Absences {
		if a.KeyID != r.Destroyed[i] || a.Epoch != r.Epoch {
			return Receipt{}, fmt.Errorf("%w: a proof is of another key or epoch", ErrReceipt)
		}
		if err := a.Verify(r.Root); err != nil {
			return Receipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
		}
	}
	r.Signed = signed
	return r, nil
}

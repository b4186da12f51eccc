package vault

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// Stage is how far an erasure is. Each is recorded when it is complete, and
// Resume goes on from there.
type Stage int

// The stages of an erasure.
const (
	// KeysDestroyed: from here on nothing opens, in this process at once, in
	// any other within keys.CacheBound; and nothing is found, because the
	// pseudonym and the tags are gone.
	KeysDestroyed Stage = 1
	// LogTruncated: the wrapped keys are gone from SQLite's write-ahead log.
	LogTruncated Stage = 2
	// RowsPurged: the sealed rows and the edges are gone.
	RowsPurged Stage = 3
	// EpochRotated: the surviving keys are wrapped anew and the old epoch key
	// is destroyed, so old copies of the ring are dark.
	EpochRotated Stage = 4
	// ReceiptSigned: the receipt says so, with its proof of absence.
	ReceiptSigned Stage = 5
)

var stageCodes = map[Stage]string{
	KeysDestroyed: "keys-destroyed", LogTruncated: "log-truncated", RowsPurged: "rows-purged",
	EpochRotated: "epoch-rotated", ReceiptSigned: "receipt-signed",
}

// String returns the stage's stable code, as in receipts and evidence.
func (s Stage) String() string { return stageCodes[s] }

// Erase destroys what is held about a person under all their aliases, and
// returns the receipt as far as it goes. The keys go in one transaction whose
// cost does not depend on how much is held; the log is truncated before Erase
// returns; Resume does the rest. What a law obliges to keep (UK GDPR Art
// 17(3)(b)) stays, under its own keys and for its own purposes alone; so do
// the retention classes named in keep, for legal claims (Art 17(3)(e)), and what
// only names the person in a record that is somebody else's (see term.named).
//
// ErrNotFound if there is no such person, or nothing left to erase.
func (v *Vault) Erase(ctx context.Context, s keys.SubjectID, keep ...string) (Receipt, error) {
	id := v.st.NewID()
	err := v.st.Update(ctx, func(tx *store.Tx) error { return v.destroyPerson(ctx, tx, id, s, keep) })
	if err != nil {
		return Receipt{}, err
	}
	switch err := v.truncate(ctx, id); {
	case errors.Is(err, store.ErrLogBusy): // a long reader; Resume tries again
	case err != nil:
		return Receipt{}, err
	}
	return v.Receipt(ctx, id)
}

// EraseIn is the first stage of Erase within tx, for a caller whose own act
// must commit with it. It returns the erasure's id; Resume does the rest.
func (v *Vault) EraseIn(ctx context.Context, tx *store.Tx, s keys.SubjectID, keep ...string) (int64, error) {
	id := v.st.NewID()
	return id, v.destroyPerson(ctx, tx, id, s, keep)
}

// destroyPerson is the first stage.
func (v *Vault) destroyPerson(ctx context.Context, tx *store.Tx, id int64, s keys.SubjectID, keep []string) error {
	group, err := v.group(ctx, tx, s, true)
	if err != nil {
		return err
	}
	var gone []keys.Key
	var kept []string
	staying := map[keys.SubjectID]bool{}
	for _, m := range group {
		list, err := v.ring.Keys(ctx, tx, m.subject)
		if err != nil {
			return err
		}
		for _, k := range list {
			if t, ok := parseTerm(k.Class); ok && (t.Law || t.Named || slices.Contains(keep, t.ID)) {
				staying[m.subject] = true
				if !slices.Contains(kept, t.ID) {
					kept = append(kept, t.ID)
				}
				continue
			}
			gone = append(gone, k)
		}
	}
	if len(gone) == 0 && group[0].standing.erased {
		return ErrNotFound
	}
	slices.Sort(kept)
	for _, k := range gone {
		if err := v.destroyKey(ctx, tx, k, id); err != nil {
			return err
		}
	}
	for _, m := range group {
		if err := v.dropMember(ctx, tx, m, id, staying[m.subject], len(staying) > 0); err != nil {
			return err
		}
	}
	return v.recordErasure(ctx, tx, id, gone, kept)
}

// dropMember deletes the pseudonym and the tags of one subject. Where law
// keeps something, the pseudonym stays for it, and so does the root that the
// others of the person lead to.
func (v *Vault) dropMember(ctx context.Context, tx *store.Tx, m member, erasure int64, keeps, groupKeeps bool) error {
	subject := int64(m.subject)
	if _, err := tx.Exec(ctx, "DELETE FROM tags WHERE subject = $1 AND owner_kind < $2", subject, int64(Mentioned)); err != nil {
		return err
	}
	// Key 0 stands for the edges that have no value, and for the evidence.
	_, err := tx.Exec(ctx, "INSERT INTO purges (subject, key_id, erasure) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", subject, 0, erasure)
	if err != nil {
		return err
	}
	v.ring.Forget(tx, m.subject)
	if keeps || (groupKeeps && m.root == m.subject) {
		_, err := tx.Exec(ctx, "UPDATE subjects SET standing = $1 WHERE subject = $2", standing{erased: true}.encode(), subject)
		v.personChanged(tx, m.subject)
		return err
	}
	return v.dropSubject(ctx, tx, m.subject)
}

// dropSubject deletes the rows that make a subject a person.
func (v *Vault) dropSubject(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	for _, query := range []string{
		"DELETE FROM subjects WHERE subject = $1",
		"DELETE FROM aliases WHERE from_subject = $1",
		"DELETE FROM aliases WHERE to_subject = $1",
		"DELETE FROM retention_events WHERE subject = $1",
	} {
		if _, err := tx.Exec(ctx, query, int64(s)); err != nil {
			return err
		}
	}
	v.personChanged(tx, s)
	return nil
}

func (v *Vault) recordErasure(ctx context.Context, tx *store.Tx, id int64, gone []keys.Key, kept []string) error {
	ids := make([]byte, 0, 8*len(gone))
	for _, k := range gone {
		ids = binary.BigEndian.AppendUint64(ids, uint64(k.KeyID))
	}
	_, err := tx.Exec(ctx, "INSERT INTO erasures (id, stage, started_ms, done_ms, destroyed, kept, receipt) VALUES ($1, $2, $3, 0, $4, $5, '')",
		id, int64(KeysDestroyed), v.now().UnixMilli(), ids, strings.Join(kept, ","))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(ids)
	return v.evidence(ctx, tx, Access{}, evidence.Body{Kind: evidence.SubjectErased, Ref: id, Count: int64(len(gone)), Hash: sum[:], Code: KeysDestroyed.String()})
}

// reach records that erasures have come to a stage.
func (v *Vault) reach(ctx context.Context, tx *store.Tx, stage Stage, ids ...int64) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, "UPDATE erasures SET stage = $1 WHERE id = $2", int64(stage), id); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return v.evidence(ctx, tx, Access{}, evidence.Body{Kind: evidence.ErasuresDone, Code: stage.String(), Count: int64(len(ids))})
}

// truncate is the second stage, of one erasure or of all that wait for it
// (id 0).
func (v *Vault) truncate(ctx context.Context, id int64) error {
	waiting := []int64{id}
	if id == 0 {
		var err error
		if waiting, err = v.atStage(ctx, KeysDestroyed); err != nil || len(waiting) == 0 {
			return err
		}
	}
	if err := v.st.TruncateLog(ctx); err != nil {
		return err
	}
	return v.st.Update(ctx, func(tx *store.Tx) error { return v.reach(ctx, tx, LogTruncated, waiting...) })
}

func (v *Vault) atStage(ctx context.Context, stage Stage) (ids []int64, err error) {
	err = v.st.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.IDs(ctx, "SELECT id FROM erasures WHERE stage = $1 ORDER BY id", int64(stage))
		return err
	})
	return ids, err
}

// Resume takes every erasure that is under way to its end: after a start,
// after a crash, and on a beat. It rotates the epoch if any needs it, once for
// all of them.
func (v *Vault) Resume(ctx context.Context) error {
	if err := v.Purge(ctx); err != nil {
		return err
	}
	v.stages.Lock()
	defer v.stages.Unlock()
	if err := v.rotateFor(ctx); err != nil {
		return err
	}
	return v.signReceipts(ctx)
}

// Purge takes every erasure that is under way through the second and third
// stage. It costs as much as there is to delete, where Resume wraps every data
// key anew.
func (v *Vault) Purge(ctx context.Context) error {
	v.stages.Lock()
	defer v.stages.Unlock()
	if err := v.truncate(ctx, 0); err != nil {
		return err
	}
	if err := v.purge(ctx); err != nil {
		return err
	}
	if err := v.purged(ctx); err != nil {
		return err
	}
	return v.tighten(ctx) // last, so that a long reader holds up nothing else
}

// rotateFor is the fourth stage. An erasure that comes to the third while the
// epoch turns waits for the next.
func (v *Vault) rotateFor(ctx context.Context) error {
	waiting, err := v.atStage(ctx, RowsPurged)
	if err != nil {
		return err
	}
	half, err := v.ring.Rotating(ctx)
	if err != nil {
		return err
	}
	if len(waiting) == 0 && !half {
		return nil
	}
	if half {
		// A rotation was cut short, maybe before its list was closed but after
		// some of these erasures began: it is completed, and a whole one made.
		if err := v.ring.Rotate(ctx); err != nil {
			return err
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	if err := v.ring.Rotate(ctx); err != nil {
		return err
	}
	return v.st.Update(ctx, func(tx *store.Tx) error { return v.reach(ctx, tx, EpochRotated, waiting...) })
}

// Rotate turns the epoch now and completes the erasures that wait for it.
func (v *Vault) Rotate(ctx context.Context) error {
	v.stages.Lock()
	defer v.stages.Unlock()
	waiting, err := v.atStage(ctx, RowsPurged)
	if err != nil {
		return err
	}
	if err := v.ring.Rotate(ctx); err != nil {
		return err
	}
	err = v.st.Update(ctx, func(tx *store.Tx) error { return v.reach(ctx, tx, EpochRotated, waiting...) })
	if err != nil {
		return err
	}
	return v.signReceipts(ctx)
}

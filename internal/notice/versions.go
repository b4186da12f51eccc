// Package notice holds what people are promised: the published versions of the
// policy, and the pages rendered from them.
//
// A version is immutable once published and stays readable at its own address
// for ever (R1). Which version applies is a matter of time alone, so that a
// change announced for the first of the month takes effect then, with nobody
// at the keyboard.
package notice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/policy"
)

// Version is one published version of the policy.
type Version struct {
	Number    int
	From      time.Time // when it applies
	Published time.Time
	Hash      [sha256.Size]byte // of policy.yaml and notice.md
	Profile   *policy.Profile   // the promise alone: policy and notice, no pages
	Compiled  *policy.Compiled
	ids       map[string]bool // everything it declares
}

// Versions are the published versions. They are safe for concurrent use.
type Versions struct {
	store *store.Store
	log   *evidence.Log
	all   atomic.Pointer[[]*Version] // in ascending order of number and of From
	write sync.Mutex                 // held across Publish, which reads all and replaces it
}

// OpenVersions reads the published versions from the store.
func OpenVersions(ctx context.Context, st *store.Store, log *evidence.Log) (*Versions, error) {
	v := &Versions{store: st, log: log}
	var list []*Version
	err := st.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT version, from_ms, published_ms, hash, policy, notice FROM policy_versions ORDER BY version")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var number int
			var from, published int64
			var hash, pol, not []byte
			if err := rows.Scan(&number, &from, &published, &hash, &pol, &not); err != nil {
				return err
			}
			ver, err := newVersion(number, pol, not)
			if err != nil {
				return err
			}
			if !bytes.Equal(hash, ver.Hash[:]) {
				return fmt.Errorf("policy version %d in the store is not what was published: its hash differs; restore the store from a backup", number)
			}
			ver.From, ver.Published = time.UnixMilli(from).UTC(), time.UnixMilli(published).UTC()
			list = append(list, ver)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("notice: reading the published policies: %w", err)
	}
	v.all.Store(&list)
	return v, nil
}

// newVersion loads the two files that make the promise.
func newVersion(number int, pol, not []byte) (*Version, error) {
	profile, faults := policy.Load(fstest.MapFS{
		"policy.yaml": &fstest.MapFile{Data: pol},
		"notice.md":   &fstest.MapFile{Data: not},
	})
	if len(faults) > 0 {
		return nil, fmt.Errorf("policy version %d cannot be read: %v", number, faults[0])
	}
	if profile.Policy.Version != number {
		return nil, fmt.Errorf("policy version %d says of itself that it is version %d", number, profile.Policy.Version)
	}
	return &Version{
		Number: number, Hash: hashOf(pol, not), Profile: profile,
		Compiled: policy.Compile(profile.Policy), ids: profile.Policy.IDs(),
	}, nil
}

// hashOf hashes the files each with its length, so that no byte can move from
// one to the other unseen.
func hashOf(files ...[]byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range files {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(f)))
		h.Write(n[:])
		h.Write(f)
	}
	h.Sum(sum[:0])
	return sum
}

// promise reads the two files from an operator's folder.
func promise(fsys fs.FS) (pol, not []byte, err error) {
	if pol, err = fs.ReadFile(fsys, "policy.yaml"); err != nil {
		return nil, nil, err
	}
	not, err = fs.ReadFile(fsys, "notice.md")
	return pol, not, err
}

// InForce returns the version that applies at t, or nil before the first.
func (v *Versions) InForce(t time.Time) *Version {
	var found *Version
	for _, ver := range *v.all.Load() {
		if !ver.From.After(t) {
			found = ver
		}
	}
	return found
}

// Pending returns the next version that is published and does not apply yet at
// t, or nil.
func (v *Versions) Pending(t time.Time) *Version {
	for _, ver := range *v.all.Load() {
		if ver.From.After(t) {
			return ver
		}
	}
	return nil
}

// Get returns the version of that number, or nil.
func (v *Versions) Get(number int) *Version {
	for _, ver := range *v.all.Load() {
		if ver.Number == number {
			return ver
		}
	}
	return nil
}

// List returns all versions, oldest first. The caller must not change it.
func (v *Versions) List() []*Version { return *v.all.Load() }

// Declares reports whether any published version declares id: as an actor,
// surface, category, purpose, retention class, recipient, cookie group,
// permission or right. Evidence may hold no other words.
func (v *Versions) Declares(id string) bool {
	for _, ver := range *v.all.Load() {
		if ver.ids[id] {
			return true
		}
	}
	return false
}

func (v *Versions) last() *Version {
	list := *v.all.Load()
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// Matches checks that the policy file of an operator's folder, if its version
// is published, is what was published under that number. It returns false
// without error for a version that is not published.
func (v *Versions) Matches(profile *policy.Profile) (bool, error) {
	number := profile.Policy.Version
	ver := v.Get(number)
	if ver == nil {
		return false, nil
	}
	pol, not, err := promise(profile.Files)
	if err != nil {
		return true, err
	}
	if hashOf(pol, not) != ver.Hash {
		return true, fmt.Errorf("policy.yaml or notice.md differs from what was published as version %d on %s; a published version never changes: undo the change, or count version up to %d and publish it with `candour policy publish PATH --from DATE`",
			number, ver.Published.Format(time.DateOnly), v.last().Number+1)
	}
	return true, nil
}

// Publish stores the policy and notice of an operator's folder as a version
// that applies from the given time, with its evidence. The folder must have
// been checked. A material change needs the policy's own announce period
// between now and from, so that people are told before it applies to them.
func (v *Versions) Publish(ctx context.Context, profile *policy.Profile, from, now time.Time) (*Version, error) {
	v.write.Lock()
	defer v.write.Unlock()
	number := profile.Policy.Version
	if published, err := v.Matches(profile); err != nil {
		return nil, err
	} else if published {
		return nil, fmt.Errorf("version %d is already published; count version up to publish a change", number)
	}
	if from.Before(now) {
		from = now
	}
	if err := v.mayFollow(profile.Policy, from, now); err != nil {
		return nil, err
	}
	pol, not, err := promise(profile.Files)
	if err != nil {
		return nil, err
	}
	ver, err := newVersion(number, pol, not)
	if err != nil {
		return nil, err
	}
	ver.From, ver.Published = from.UTC().Truncate(time.Millisecond), now.UTC().Truncate(time.Millisecond)
	err = v.store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO policy_versions (version, from_ms, published_ms, hash, policy, notice) VALUES ($1, $2, $3, $4, $5, $6)",
			number, ver.From.UnixMilli(), ver.Published.UnixMilli(), ver.Hash[:], pol, not)
		if err != nil {
			return err
		}
		_, err = v.log.Append(ctx, tx, evidence.Body{Kind: evidence.PolicyPublished, At: ver.Published, Policy: number, Hash: ver.Hash[:]})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("notice: publishing version %d: %w", number, err)
	}
	list := append((*v.all.Load())[:len(*v.all.Load()):len(*v.all.Load())], ver)
	v.all.Store(&list)
	return ver, nil
}

// mayFollow checks number and date of a new version against the last one.
func (v *Versions) mayFollow(p *policy.Policy, from, now time.Time) error {
	last := v.last()
	if last == nil {
		return nil
	}
	if p.Version != last.Number+1 {
		return fmt.Errorf("version is %d; the last published one is %d, so the next is %d", p.Version, last.Number, last.Number+1)
	}
	if !from.After(last.From) {
		return fmt.Errorf("version %d cannot apply from %s: version %d applies from %s; give a later --from", p.Version, day(from), last.Number, day(last.From))
	}
	// The longer of the two periods: a version cannot shorten its own
	// announcement.
	period := p.Settings.AnnouncePeriod
	if was := last.Profile.Policy.Settings.AnnouncePeriod; was.From(now).After(period.From(now)) {
		period = was
	}
	earliest := period.From(now)
	for _, c := range policy.Diff(last.Profile.Policy, p) {
		if c.Tell && from.Before(earliest.Truncate(24*time.Hour)) {
			return fmt.Errorf("people must be told of this change before it applies: %s (%s %s); announce_period is %s, so give --from %s or later",
				strings.TrimSuffix(c.What, "."), c.Kind, c.ID, period, day(earliest))
		}
	}
	return nil
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Month is a calendar month in UTC: year*12 + month-1. Zero is no month.
type Month int32

// MonthOf returns the month of t; zero for the zero time.
func MonthOf(t time.Time) Month {
	if t.IsZero() {
		return 0
	}
	t = t.UTC()
	return Month(t.Year()*12 + int(t.Month()) - 1)
}

// String returns the month as 2027-03.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", int(m)/12, int(m)%12+1) }

// monthDir is the folder of month keys, in the folder of keys.
const monthDir = "months"

func (r *Ring) monthPath(m Month) string {
	return filepath.Join(r.dir, monthDir, m.String()+".key")
}

// monthKey returns the key of a month. Where make allows it, a month without
// one gets one, on disk before anything is sealed with it.
func (r *Ring) monthKey(m Month, make bool) ([]byte, error) {
	r.mu.RLock()
	key, ok := r.months[m]
	r.mu.RUnlock()
	if ok {
		return key, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if key, ok := r.months[m]; ok {
		return key, nil
	}
	key, err := r.root.openSealed(r.monthPath(m), kindMonth(m))
	if errors.Is(err, fs.ErrNotExist) {
		if !make {
			return nil, ErrKeyGone
		}
		key, err = r.newMonthKey(m)
	}
	if err != nil {
		return nil, err
	}
	r.months[m] = key
	return key, nil
}

func kindMonth(m Month) string { return "month " + m.String() }

func (r *Ring) newMonthKey(m Month) ([]byte, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	return key, r.root.writeSealed(r.monthPath(m), kindMonth(m), key)
}

// DestroyMonths destroys the keys of all months that ended before t, and
// returns how many: what expired in them no longer opens anywhere.
func (r *Ring) DestroyMonths(t time.Time) (int, error) {
	entries, err := os.ReadDir(filepath.Join(r.dir, monthDir))
	if err != nil {
		return 0, fmt.Errorf("keys: %w", err)
	}
	n := 0
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".key")
		start, perr := time.Parse("2006-01", name)
		if !ok || perr != nil || MonthOf(start) >= MonthOf(t) {
			continue
		}
		if err := r.destroyMonth(MonthOf(start)); err != nil {
			return n, err
		}
		n++
	}
	if n > 0 {
		r.cache.clear() // ciphers derived from the destroyed months
	}
	return n, nil
}

func (r *Ring) destroyMonth(m Month) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.months, m)
	return DestroyFile(r.monthPath(m))
}

package main

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candour/internal/store"
)

// scanAll scans every file there is, and what the server says of itself.
func (x *tester) scanAll(when string) {
	x.Helper()
	resp, err := http.Get(x.ops + "/metrics")
	x.must(err)
	metrics, err := io.ReadAll(resp.Body)
	x.must(errors.Join(err, resp.Body.Close()))
	if !bytes.Contains(metrics, []byte("candour_")) {
		x.Error("the metrics are not the server's")
	}
	x.scan(when, x.dir, x.rig.log.String(), string(metrics), x.rows())
}

// rows returns every column of every table of PostgreSQL as text; SQLite's
// lie in a file that is scanned.
func (x *tester) rows() string {
	x.Helper()
	if x.app.store.Engine() == store.SQLite {
		return ""
	}
	var all strings.Builder
	db := x.app.store.DB()
	for _, table := range x.column(db, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'") {
		for _, row := range x.column(db, "SELECT t::text FROM "+table+" t") {
			all.WriteString(row + "\n")
		}
	}
	return all.String()
}

func (x *tester) column(db *sql.DB, query string) []string {
	x.Helper()
	rows, err := db.Query(query)
	x.must(err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		x.must(rows.Scan(&s))
		list = append(list, s)
	}
	x.must(rows.Err())
	return list
}

// scan looks for every planted value, in several ways of writing it, in all
// files below a folder and in texts.
func (x *tester) scan(when, dir string, texts ...string) {
	x.Helper()
	files := 0
	x.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		files++
		x.look(when+" in "+strings.TrimPrefix(path, dir), data)
		return err
	}))
	if files < 10 {
		x.Errorf("%s: only %d files were there to be scanned", when, files)
	}
	for i, text := range texts {
		x.look(fmt.Sprintf("%s in text %d", when, i), []byte(text))
	}
}

func (x *tester) look(where string, data []byte) {
	x.Helper()
	for _, i := range planted(data, x.planted) {
		x.Errorf("%s: planted value %d is found", where, i)
	}
}

// planted returns which of the values are in data: plain in any case, as
// UTF-16, in hexadecimal, or in base64 of any alignment.
func planted(data []byte, values []string) (found []int) {
	lower := bytes.ToLower(data)
	for i, v := range values {
		wide := make([]byte, 0, 2*len(v))
		for _, c := range []byte(v) {
			wide = append(wide, c, 0)
		}
		hit := bytes.Contains(lower, []byte(v)) || bytes.Contains(lower, wide) || bytes.Contains(lower, []byte(hex.EncodeToString([]byte(v))))
		for shift := range 3 {
			// The ends depend on what stands beside the value.
			middle := base64.RawStdEncoding.EncodeToString([]byte("xx"[:shift] + v))
			hit = hit || bytes.Contains(data, []byte(middle[4:len(middle)-3]))
		}
		if hit {
			found = append(found, i)
		}
	}
	return found
}

// The scan finds what it looks for, however it is written.
func TestPlantedIsFound(t *testing.T) {
	v := word()
	for _, text := range []string{v, strings.ToUpper(v), hex.EncodeToString([]byte("ab" + v)), base64.StdEncoding.EncodeToString([]byte(v + "!")), base64.URLEncoding.EncodeToString([]byte("a" + v)), base64.StdEncoding.EncodeToString([]byte("ab" + v + "c"))} {
		if len(planted([]byte("before "+text+" after"), []string{word(), v})) != 1 {
			t.Errorf("%q is not found", text)
		}
	}
	if len(planted([]byte(word()), []string{v})) > 0 {
		t.Error("what is not there is found")
	}
}

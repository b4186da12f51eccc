package evidence

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
)

// Paths at which the log is published, under the prefix of Handler.
const (
	pathKey    = "/key"
	pathBody   = "/body/"
	pathSchema = "/opening.schema.json"
	pathCheck  = "/check-evidence.mjs"
	pathTile   = "/tile/"
)

// Handler publishes the log for everyone, by C2SP tlog-tiles, at
// /evidence/checkpoint and /evidence/tile/, with its verifier key at
// /evidence/key, the openings of entries meant for everyone at
// /evidence/body/N, their schema at /evidence/opening.schema.json and a program
// that checks them at /evidence/check-evidence.mjs. It may be mounted at /evidence/ with or without the prefix stripped. Nothing in it
// is about a person.
func (l *Log) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkpoint", l.serveCheckpoint)
	mux.HandleFunc("GET "+pathTile+"{path...}", l.serveTile)
	mux.HandleFunc("GET "+pathKey, l.serveKey)
	mux.HandleFunc("GET "+pathBody+"{seq}", l.serveBody)
	mux.HandleFunc("GET "+pathSchema, serveSchema)
	mux.HandleFunc("GET "+pathCheck, serveCheck)
	stripped := http.StripPrefix("/evidence", mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/evidence/") {
			stripped.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Cache rules: a tile never changes, a checkpoint always may.
const (
	cacheNever   = "no-cache"
	cacheForEver = "public, max-age=31536000, immutable"
)

func answer(w http.ResponseWriter, kind, cache string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*") // C2SP tlog-tiles: readable from any page
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client has gone
}

const plainText = "text/plain; charset=utf-8"

func (l *Log) serveCheckpoint(w http.ResponseWriter, r *http.Request) {
	cp := l.Checkpoint()
	if cp == nil {
		http.NotFound(w, r)
		return
	}
	answer(w, plainText, cacheNever, cp)
}

func (l *Log) serveKey(w http.ResponseWriter, _ *http.Request) {
	answer(w, plainText, cacheNever, []byte(l.key.verifier+"\n"))
}

func serveSchema(w http.ResponseWriter, _ *http.Request) {
	answer(w, "application/schema+json", cacheNever, opening.Schema)
}

// serveCheck serves the program that checks an opening, to be read and kept,
// not to be run in a page.
func serveCheck(w http.ResponseWriter, _ *http.Request) {
	answer(w, plainText, cacheNever, opening.Program)
}

// serveTile serves the tiles that the signed checkpoint covers.
func (l *Log) serveTile(w http.ResponseWriter, r *http.Request) {
	path := "tile/" + r.PathValue("path")
	level, index, width, ok := tiles.ParsePath(path)
	tree, _ := l.published()
	if !ok || !covered(tree.Size, level, index, width) {
		http.NotFound(w, r)
		return
	}
	raw, err := tree.Source.Read(r.Context(), path)
	if err != nil { // a partial tile whose full one is there
		http.NotFound(w, r)
		return
	}
	answer(w, "application/octet-stream", cacheForEver, raw)
}

// covered reports whether a tree of the size has a tile of that width.
func covered(size uint64, level int, index uint64, width uint8) bool {
	shift := 8 * uint(max(level, 0))
	if shift >= 64 || index > size {
		return false
	}
	need := uint64(width)
	if width == 0 {
		need = tiles.Width
	}
	return index*tiles.Width+need <= size>>shift
}

// serveBody serves the opening of an entry meant for everyone. Any other is
// not found: who asks learns nothing of what it is.
func (l *Log) serveBody(w http.ResponseWriter, r *http.Request) {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 63)
	if err != nil || seq >= l.Size() {
		http.NotFound(w, r)
		return
	}
	rows, err := l.readRows(r.Context(), seq, 1)
	if err != nil {
		l.logger.Error("an open body could not be read", "error", err)
		http.Error(w, "The log cannot be read at the moment.", http.StatusInternalServerError)
		return
	}
	if len(rows) != 1 || rows[0].Seq != seq {
		http.NotFound(w, r)
		return
	}
	content, err := rows[0].Public()
	if err != nil {
		http.NotFound(w, r)
		return
	}
	o, err := l.prove(r.Context(), rows[0], content)
	if err == nil {
		var raw []byte
		if raw, err = json.Marshal(o); err == nil {
			answer(w, "application/json", cacheNever, raw)
			return
		}
	}
	l.logger.Error("an open body could not be proven", "error", err)
	http.Error(w, "The log cannot be read at the moment.", http.StatusInternalServerError)
}

package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"candour/internal/web/assets"
	"candour/policy"
)

// file is one static file in memory.
type file struct {
	body    []byte
	zipped  []byte // gzip; nil where it saves nothing
	kind    string // media type
	hash    string // first 16 hexadecimal digits of SHA-256
	picture bool   // from the operator's folder: gets a policy of its own
}

// files are the build's assets under hashed names and the operator's pictures.
type files struct {
	byPath map[string]*file
	names  map[string]string // plain name of an asset -> address
}

// kinds are the files we serve and what they are; others stay where they are.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml",
	".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon", ".txt": "text/plain; charset=utf-8",
}

// manifestFile maps the plain names of the build to hashed ones.
const manifestFile = "manifest.json"

func newFile(name string, body []byte, picture bool) *file {
	sum := sha256.Sum256(body)
	f := &file{body: body, kind: kinds[path.Ext(name)], hash: hex.EncodeToString(sum[:8]), picture: picture}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = z.Write(body)                                  // a buffer takes all
	_ = z.Close()
	if b.Len() < len(body)*9/10 {
		f.zipped = b.Bytes()
	}
	return f
}

func loadFiles(profile *policy.Profile) (files, error) {
	fl := files{byPath: map[string]*file{}, names: map[string]string{}}
	if err := fl.addAssets(assets.FS); err != nil {
		return fl, err
	}
	css := newFile("brand.css", []byte(BrandSheet(&profile.Brand)), false)
	address := "/assets/brand-" + css.hash + ".css"
	fl.byPath[address], fl.names["brand.css"] = css, address
	for _, name := range profile.FileNames() {
		address, ok := pictureAddress(&profile.Brand, name)
		if !ok || kinds[path.Ext(name)] == "" {
			continue
		}
		body, err := fs.ReadFile(profile.Files, name)
		if err != nil {
			return fl, fmt.Errorf("web: reading the operator's %s: %w", name, err)
		}
		fl.byPath[address] = newFile(name, body, true)
	}
	return fl, nil
}

func (fl *files) addAssets(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if kinds[path.Ext(e.Name())] == "" {
			continue
		}
		body, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return err
		}
		fl.byPath["/assets/"+e.Name()] = newFile(e.Name(), body, false)
	}
	text, err := fs.ReadFile(fsys, manifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the browser part is not built: pages are plain and whole
	}
	if err != nil {
		return err
	}
	var manifest map[string]string
	if err := json.Unmarshal(text, &manifest); err != nil {
		return fmt.Errorf("web: the assets' %s: %w", manifestFile, err)
	}
	for plain, hashed := range manifest {
		if fl.byPath["/assets/"+hashed] == nil {
			return fmt.Errorf("web: the assets' %s names %s, which is not there; build the browser part anew", manifestFile, hashed)
		}
		fl.names[plain] = "/assets/" + hashed
	}
	return nil
}

// pictureAddress is where a file of the operator's folder is served.
func pictureAddress(b *policy.Brand, name string) (string, bool) {
	switch {
	case name == b.Logo:
		return "/logo" + path.Ext(name), true
	case name == b.Favicon:
		return "/favicon" + path.Ext(name), true
	case strings.HasPrefix(name, "images/"):
		return "/" + name, true
	}
	return "", false
}

// Asset returns the address of a file of the build by its plain name, such as
// phone.js; empty where the build has none.
func (s *Site) Asset(plain string) string { return s.files.names[plain] }

// picture returns the address of a file of the operator's folder, with its
// hash so that it can be kept for ever; empty if there is none.
func (s *Site) picture(name string) string {
	if name == "" {
		return ""
	}
	address, ok := pictureAddress(&s.Profile.Brand, name)
	if f := s.files.byPath[address]; ok && f != nil {
		return address + "?v=" + f.hash
	}
	return ""
}

// pictureContent is the content policy of a picture that is opened by itself:
// it may be drawn, and nothing else.
const pictureContent = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// Static serves assets and pictures. What stands under a hashed name or with
// its hash never changes.
func (s *Site) Static(w http.ResponseWriter, r *http.Request) error {
	f := s.files.byPath[r.URL.Path]
	if f == nil {
		return ErrNotFound
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if !f.picture || r.URL.Query().Get("v") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=300")
	}
	// These speak to documents; on each of a page's dozen files they would
	// weigh more than the file.
	h.Del("Permissions-Policy")
	h.Del("Cross-Origin-Opener-Policy")
	switch {
	case f.picture: // an SVG opened by itself is a document
		h.Set("Content-Security-Policy", pictureContent)
	case !strings.HasPrefix(f.kind, "text/javascript"): // a worker's script carries its policy
		h.Del("Content-Security-Policy")
	}
	body := f.body
	if f.zipped != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client has gone
	return nil
}

// BrandSheet writes the operator's colours, fonts and radius as custom
// properties. The policy's decoder lets nothing but such values through.
func BrandSheet(b *policy.Brand) string {
	var out strings.Builder
	rule := func(selector string, p policy.Palette, scheme string) {
		out.WriteString(selector + "{color-scheme:" + scheme)
		for _, t := range p.Tokens() {
			if t.Value != "" {
				out.WriteString(";--" + t.Name + ":" + t.Value)
			}
		}
		out.WriteString("}\n")
	}
	rule(":root", b.Tokens.Light, "light")
	out.WriteString("@media (prefers-color-scheme:dark){")
	rule(":root", b.Tokens.Dark, "dark")
	out.WriteString("}\n")
	rule(":root[data-theme=light]", b.Tokens.Light, "light")
	rule(":root[data-theme=dark]", b.Tokens.Dark, "dark")
	out.WriteString(":root{")
	for _, v := range []struct{ name, value string }{{"radius", b.Radius}, {"font-display", b.Font.Display}, {"font-text", b.Font.Text}} {
		if v.value != "" {
			out.WriteString("--" + v.name + ":" + v.value + ";")
		}
	}
	out.WriteString("}\n")
	return out.String()
}

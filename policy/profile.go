package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Names of the files in an operator's folder.
const (
	PolicyFile = "policy.yaml"
	CasesFile  = "policy_test.yaml"
	NoticeFile = "notice.md"
	BrandFile  = "brand.yaml"
	pagesDir   = "pages"
)

// Profile is one operator's folder as read: the declared policy with the words
// and the look that go with it. It is immutable and safe for concurrent use.
type Profile struct {
	Policy *Policy
	Notice *Prose  // nil when the folder has no notice.md
	Pages  []*Page // in the order of their file names
	Brand  Brand
	Cases  []Case
	Files  fs.FS
	Hash   [32]byte // of all files of the folder: same hash, same promise

	places map[string]map[string]Position // file -> path of a value -> where it stands
	names  map[string]bool                // files of the folder
	broken map[string]map[int]bool        // file -> lines with faults of form
	read   bool                           // policy.yaml could be read
	whole  bool                           // and nothing in it was left out for a fault
}

// Load reads an operator's folder. It reports everything wrong with the form
// of its files at once and never panics; whether the declaration is sound in
// meaning is for the rules of policy/lint. The profile holds what could be
// read, so that those rules can go on after faults of form; nothing may be
// started from it unless there are no faults at all.
func Load(fsys fs.FS) (*Profile, Faults) {
	p := &Profile{Policy: &Policy{}, Files: fsys, places: map[string]map[string]Position{}, names: map[string]bool{}}
	files, faults := p.readAll(fsys)
	if data, ok := files[PolicyFile]; ok {
		faults = append(faults, p.yaml(PolicyFile, data, p.Policy)...)
		faults = append(faults, p.bounds()...)
	} else if len(faults) == 0 {
		faults = append(faults, Position{PolicyFile, 1, 1}.Fault("the folder has no "+PolicyFile, "give the path of an operator's folder, or write the file"))
	}
	if data, ok := files[BrandFile]; ok {
		faults = append(faults, p.yaml(BrandFile, data, &p.Brand)...)
	}
	if data, ok := files[CasesFile]; ok {
		var cases caseFile
		faults = append(faults, p.yaml(CasesFile, data, &cases)...)
		p.Cases = cases.Cases
		faults = append(faults, p.caseFaults()...)
	}
	if data, ok := files[NoticeFile]; ok {
		var found Faults
		p.Notice, found = ParseProse(NoticeFile, string(data), 1)
		faults = append(faults, found...)
	}
	for _, name := range sortedKeys(files) {
		if path.Dir(name) == pagesDir && path.Ext(name) == ".md" {
			page, found := p.page(name, files[name])
			p.Pages = append(p.Pages, page)
			faults = append(faults, found...)
		}
	}
	faults = faults.Sort()
	p.broken = map[string]map[int]bool{}
	for _, f := range faults {
		if p.broken[f.File] == nil {
			p.broken[f.File] = map[int]bool{}
		}
		p.broken[f.File][f.Line] = true
	}
	_, root := p.places[PolicyFile][""]
	p.read = root
	return p, faults
}

// Readable reports whether policy.yaml could be read at all. Where it could
// not, nothing can be said about its meaning.
func (p *Profile) Readable() bool { return p.read }

// Whole reports whether Load could keep every thing that policy.yaml declares,
// so that what is not found in it is really not declared.
func (p *Profile) Whole() bool { return p.read && p.whole }

// Sound reports whether a file of the folder has no fault of form.
func (p *Profile) Sound(file string) bool { return len(p.broken[file]) == 0 }

// Broken reports whether Load found a fault of form in this line, so that a
// rule that stumbles over it has nothing new to tell.
func (p *Profile) Broken(at Position) bool { return p.broken[at.File][at.Line] }

// caseFaults finds cases that ask no door.
func (p *Profile) caseFaults() Faults {
	var faults Faults
	for i, k := range p.Cases {
		if k.Actor == "" && k.Surface == "" {
			faults = append(faults, p.PlaceIn(CasesFile, "cases", i).Fault(
				fmt.Sprintf("the case %s has neither an actor nor a surface", quote(k.Name)),
				"add actor: for a use, surface: for collecting, or both"))
		}
	}
	return faults
}

func (p *Profile) yaml(file string, data []byte, into any) Faults {
	r := &reader{file: file, places: map[string]Position{}}
	r.read(data, into)
	if file == PolicyFile {
		p.whole = !r.lost
	}
	p.places[file] = r.places
	return r.faults
}

// readAll reads every file, hashes them in the order of their names, and
// returns the texts. Files and folders whose name begins with a dot belong to
// editors and version control, not to the promise.
func (p *Profile) readAll(fsys fs.FS) (map[string][]byte, Faults) {
	texts, sums, total := map[string][]byte{}, map[string][32]byte{}, 0
	var faults Faults
	refuse := func(name, what, cure string) {
		faults = append(faults, Position{name, 1, 1}.Fault(what, cure))
	}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case name == "." && (err != nil || !d.IsDir()):
			reason := "it is a file"
			if err != nil {
				reason = plainError(err)
			}
			refuse(PolicyFile, "the folder cannot be read ("+reason+")", "give the path of an operator's folder")
			return fs.SkipAll
		case err != nil:
			refuse(name, "it cannot be read ("+plainError(err)+")", "check that it is there and that you may read it")
			if d == nil || d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			refuse(name, "it is not a plain file", "put the file itself into the folder; links are not followed")
			return nil
		case len(sums) >= maxFiles:
			refuse(name, fmt.Sprintf("the folder holds more than %d files", maxFiles), "give the path of an operator's folder")
			return fs.SkipAll
		}
		data, ok := readFile(fsys, name, d, refuse)
		if !ok {
			return nil
		}
		if total += len(data); total > maxFolderBytes {
			refuse(name, fmt.Sprintf("the folder holds more than %d bytes", maxFolderBytes), "give the path of an operator's folder, and make its images smaller")
			return fs.SkipAll
		}
		p.names[name], sums[name] = true, sha256.Sum256(data)
		if ext := path.Ext(name); ext == ".yaml" || ext == ".md" {
			texts[name] = data
		}
		return nil
	})
	if err != nil {
		refuse(PolicyFile, "the folder cannot be read ("+plainError(err)+")", "give the path of an operator's folder")
	}
	p.Hash = folderHash(sums)
	return texts, faults
}

func readFile(fsys fs.FS, name string, d fs.DirEntry, refuse func(name, what, cure string)) ([]byte, bool) {
	limit := int64(maxFileBytes)
	switch path.Ext(name) {
	case ".yaml":
		limit = maxYAMLBytes
	case ".md":
		limit = maxTextBytes
	}
	info, err := d.Info()
	if err == nil && info.Size() > limit {
		refuse(name, fmt.Sprintf("the file has %d bytes", info.Size()), fmt.Sprintf("keep it under %d bytes", limit))
		return nil, false
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		refuse(name, "it cannot be read ("+plainError(err)+")", "check that it is there and that you may read it")
		return nil, false
	}
	return data, true
}

// plainError keeps the machine's reason and drops the path, which the message
// already begins with.
func plainError(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// folderHash is SHA-256 over a version line and then, for each file in the
// order of its name, the lengths and bytes of name and of the content's own
// SHA-256. Lengths in front make the encoding one-to-one.
func folderHash(sums map[string][32]byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("candour operator folder v1\n"))
	for _, name := range sortedKeys(sums) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(name)))
		h.Write(n[:])
		h.Write([]byte(name))
		sum := sums[name]
		h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

// bounds refuses more things than the compiled form can hold.
func (p *Profile) bounds() Faults {
	var faults Faults
	for _, b := range []struct {
		key       string
		got, most int
	}{
		{"surfaces", len(p.Policy.Surfaces), maxSurfaces},
		{"actors", len(p.Policy.Actors), maxActors},
		{"categories", len(p.Policy.Categories), maxCategories},
		{"purposes", len(p.Policy.Purposes), MaxPurposes},
	} {
		if b.got > b.most {
			faults = append(faults, p.Place(b.key).Fault(fmt.Sprintf("there are %d %s", b.got, b.key), fmt.Sprintf("declare at most %d", b.most)))
		}
	}
	return faults
}

// Place is where a value of policy.yaml stands; where the value is missing, the
// place of the nearest thing around it that is there.
func (p *Profile) Place(steps ...any) Position { return p.PlaceIn(PolicyFile, steps...) }

// PlaceIn is Place for another YAML file of the folder.
func (p *Profile) PlaceIn(file string, steps ...any) Position {
	for at := At(steps...); ; at = at[:max(0, strings.LastIndexByte(at, '/'))] {
		if pos, ok := p.places[file][at]; ok {
			return pos
		}
		if at == "" {
			return Position{file, 1, 1}
		}
	}
}

// HasFile reports whether the folder holds a file of this name.
func (p *Profile) HasFile(name string) bool { return p.names[name] }

// FileNames are the names of the folder's files in alphabetical order.
func (p *Profile) FileNames() []string { return sortedKeys(p.names) }

// Page returns the page at a path of the website.
func (p *Profile) Page(at string) (*Page, bool) {
	i := slices.IndexFunc(p.Pages, func(q *Page) bool { return q.Path == at })
	if i < 0 {
		return nil, false
	}
	return p.Pages[i], true
}

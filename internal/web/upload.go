package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// Limits of a form with a file.
const (
	maxUploadParts = 8       // fields and files
	maxUploadField = 4 << 10 // octets of a field that is no file
	uploadSlack    = 16 << 10
)

// Upload is a file that came with a form: what its sender calls it, and what it
// is.
type Upload struct {
	Name string
	Data []byte
}

// ReadOwn reads a form that whoever is signed in sends often, such as a message.
// It counts against no limit of their network: what it leads to has a limit of
// each person's own.
func (s *Site) ReadOwn(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, ErrType
	}
	if err := r.ParseForm(); err != nil {
		return nil, formError(err)
	}
	return r.PostForm, nil
}

// ReadUpload reads a form with a file of at most so many octets in the field of
// that name, from whoever is signed in. Nothing of it goes to a disk. A file that
// was not chosen has no name and no data. ErrTooLarge if it is larger.
func (s *Site) ReadUpload(w http.ResponseWriter, r *http.Request, field string, most int64) (values url.Values, file Upload, err error) {
	if !s.choices.Take(s.sender(r)) {
		return nil, file, ErrTooMany
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, file, ErrType
	}
	r.Body = http.MaxBytesReader(w, VisitOf(r).body, most+uploadSlack)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, file, ErrMalformed
	}
	values = url.Values{}
	for range maxUploadParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, file, nil
		}
		if err != nil {
			return nil, file, formError(err)
		}
		limit := int64(maxUploadField)
		if part.FormName() == field {
			limit = most
		}
		data, err := io.ReadAll(io.LimitReader(part, limit+1))
		switch {
		case err != nil:
			return nil, file, formError(err)
		case int64(len(data)) > limit:
			return nil, file, ErrTooLarge
		case part.FormName() != field:
			values.Add(part.FormName(), string(data))
		case file.Data != nil:
			return nil, file, ErrMalformed // two files
		case len(data) > 0:
			file = Upload{part.FileName(), data}
		}
	}
	return nil, file, ErrMalformed
}

// Package tiles reads a C2SP tiled log (tlog-tiles), from a folder or from
// where it is published, and computes its roots. It trusts nothing it reads
// and checks only form: whether the hashes are right is for the caller.
package tiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// MaxFile bounds any file of a log, in bytes: 256 entries of 64 KiB with
// their lengths.
const MaxFile = 256 * (2 + 1<<16)

// Source is where the files of a log are. Read returns an error that is
// fs.ErrNotExist for a file that is not there.
type Source interface {
	Read(ctx context.Context, path string) ([]byte, error)
}

// Folder is a log in a folder.
type Folder string

// Read returns the file at the slash-separated path.
func (f Folder) Read(_ context.Context, path string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
	if err == nil && len(b) > MaxFile {
		return nil, fmt.Errorf("%s is longer than any file of a log", path)
	}
	return b, err
}

// fetchTimeout bounds one fetch of a published file.
const fetchTimeout = 30 * time.Second

// Site is a log as published under an address.
type Site struct {
	base   *url.URL
	client *http.Client
}

// NewSite returns the log published under address. Over plain HTTP only this
// machine is asked: checked signatures do not hide who asks.
func NewSite(address string, client *http.Client) (*Site, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the address of the log cannot be read; give it as https://host/evidence")
	}
	switch host := u.Hostname(); {
	case u.Scheme == "https":
	case u.Scheme == "http" && (host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"):
	default:
		return nil, errors.New("the address of the log must begin with https://, or be on this machine")
	}
	if client == nil {
		client = &http.Client{Timeout: fetchTimeout}
	}
	return &Site{base: u, client: client}, nil
}

// Read fetches the file at the slash-separated path.
func (s *Site) Read(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base.JoinPath(path).String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", path, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	default:
		return nil, fmt.Errorf("fetching %s: the server answers %d", path, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", path, err)
	}
	if len(b) > MaxFile {
		return nil, fmt.Errorf("%s is longer than any file of a log", path)
	}
	return b, nil
}

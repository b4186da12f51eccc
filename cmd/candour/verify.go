package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/verify"
)

// VerifyCmd checks the evidence of a data folder or of a published log. It
// only reads, and is always allowed.
type VerifyCmd struct {
	Source   string `arg:"" name:"source" help:"A data folder, or the address of a site or of its published log, such as https://host/evidence."`
	Key      string `help:"Verifier key of the log, from elsewhere than the log: the key itself or a file that holds it." placeholder:"VKEY"`
	Since    string `help:"A checkpoint of the log that was kept elsewhere: a file, or - for standard input. Finds a log and a database that were rolled back together." placeholder:"CHECKPOINT"`
	Database string `help:"PostgreSQL address, instead of SQLite in the data folder." placeholder:"URL" env:"CANDOUR_DATABASE"`
}

// Run writes a report that names what was changed. Its exit code is 0 if the
// evidence holds, 1 if not.
func (c *VerifyCmd) Run(ctx context.Context, out io.Writer) error {
	opts := verify.Options{Key: c.Key, Database: c.Database, Client: logClient()}
	if opts.Database == "" {
		if address, err := readShort(filepath.Join(c.Source, "database")); err == nil { // as `candour run` keeps it
			opts.Database = string(address)
		}
	}
	if c.Key != "" {
		if raw, err := readShort(c.Key); err == nil {
			opts.Key = string(raw)
		} else if !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the verifier key cannot be read: %w", err)
		}
	}
	if c.Since != "" {
		var err error
		if opts.Since, err = readSince(c.Since); err != nil {
			return err
		}
	}
	report, err := c.verify(ctx, opts)
	if err != nil {
		return err
	}
	if err := report.Write(out); err != nil {
		return err
	}
	if !report.Holds() {
		return exitCode(1)
	}
	return nil
}

// verify takes the address of a site for that of the log below it.
func (c *VerifyCmd) verify(ctx context.Context, opts verify.Options) (*verify.Report, error) {
	report, err := verify.Verify(ctx, c.Source, opts)
	u, perr := url.Parse(c.Source)
	if !errors.Is(err, fs.ErrNotExist) || perr != nil || u.Host == "" {
		return report, err
	}
	if strings.Trim(u.Path, "/") == "" {
		report, err = verify.Verify(ctx, u.JoinPath("evidence").String(), opts)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no evidence log at %s; give the address of the website, or of a published log such as https://host/evidence", c.Source)
	}
	return report, err
}

func readSince(name string) ([]byte, error) {
	read := func() ([]byte, error) { return readShort(name) }
	if name == "-" {
		read = func() ([]byte, error) { return readAtMost(os.Stdin) }
	}
	raw, err := read()
	if err != nil {
		return nil, fmt.Errorf("the checkpoint cannot be read: %w", err)
	}
	if len(raw) == 0 {
		return nil, errors.New("the checkpoint is empty; give one as it was sent off the machine")
	}
	return raw, nil
}

// readShort reads a file that is a checkpoint or a key.
func readShort(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f)
}

func readAtMost(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, opening.MaxCheckpoint+1))
}

// fetchTimeout bounds the fetching of one file of a published log.
const fetchTimeout = 30 * time.Second

// logClient fetches a published log. Names below localhost are this machine's
// (RFC 6761 section 6.3), which not every resolver knows.
func logClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("localhost", port)
		}
		return dial(ctx, network, address)
	}
	return &http.Client{Transport: transport, Timeout: fetchTimeout}
}

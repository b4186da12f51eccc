package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Names of the files of a report in its folder.
const (
	HTMLFile = "report.html"
	JSONFile = "report.json"
)

// MaxReport bounds a report that is read, in octets.
const MaxReport = 16 << 20

// ErrReport says that a file is no report of an audit.
var ErrReport = errors.New("audit: not a report that can be read")

// Read reads the report in a folder. fs.ErrNotExist if there is none; ErrReport
// if what is there is none, or of another format.
func Read(folder string) (*Report, error) {
	f, err := os.Open(filepath.Join(folder, JSONFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return decode(f)
}

func decode(r io.Reader) (*Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxReport+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxReport {
		return nil, fmt.Errorf("%w: it is too large", ErrReport)
	}
	report := &Report{}
	if err := json.Unmarshal(raw, report); err != nil {
		return nil, fmt.Errorf("%w: it is no JSON of its kind", ErrReport)
	}
	if report.Format != Format {
		return nil, fmt.Errorf("%w: its format is not %s", ErrReport, Format)
	}
	return report, nil
}

package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"
)

// longestNetLogLine is in bytes; what is longer is no start of a request.
const longestNetLogLine = 4 << 20

// lastBreath is how long after a new document came a request of the one before
// can still be written to the log.
const lastBreath = 250 * time.Millisecond

// netRequest is the start of a request as the browser's network stack tells
// it, whoever asked for it: page, worker or frame.
type netRequest struct {
	url  string
	page bool // a page or worker asked for it, not the browser itself
	at   time.Time
}

// addNetLog adds requests to others that the DevTools events missed, such as
// those of workers that ended at once, to the page that was open then.
func (w *walk) addNetLog(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		w.report.note("", "", "the browser wrote no network log, so requests of workers may be missing")
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := readNetLog(f)
	if err != nil {
		return fmt.Errorf("the browser's network log cannot be read: %w", err)
	}
	t := &tab{site: w.site}
	for _, n := range list {
		address, others := t.outside(n.url)
		if !others || !n.page {
			continue
		}
		i := slices.IndexFunc(w.pages, func(p *visit) bool { return !n.at.Before(p.Start) && !n.at.After(p.End) })
		if i < 0 {
			continue
		}
		p := w.pages[i]
		if n.at.Sub(p.Start) < lastBreath && slices.ContainsFunc(w.pages[:i], func(p *visit) bool { return asks(p, address) }) {
			continue // a page before, on its way out
		}
		if !asks(p, address) {
			p.requests = append(p.requests, request{URL: address, Directive: "connect-src"})
		}
	}
	return nil
}

func asks(p *visit, address string) bool {
	return slices.ContainsFunc(p.requests, func(r request) bool { return r.URL == address })
}

// readNetLog reads the requests from Chromium's network log: a JSON document
// with one event on each line, so that a log cut short still reads.
func readNetLog(r io.Reader) ([]netRequest, error) {
	var constants struct {
		Constants struct {
			LogEventTypes  map[string]int `json:"logEventTypes"`
			TimeTickOffset json.Number    `json:"timeTickOffset"`
		} `json:"constants"`
	}
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), longestNetLogLine)
	if !s.Scan() {
		return nil, s.Err()
	}
	head := bytes.TrimSuffix(bytes.TrimSpace(s.Bytes()), []byte(","))
	if err := json.Unmarshal(append(slices.Clone(head), '}'), &constants); err != nil {
		return nil, errors.New("its first line is not what Chromium writes")
	}
	offset, err := constants.Constants.TimeTickOffset.Int64()
	kind, known := constants.Constants.LogEventTypes["URL_REQUEST_START_JOB"]
	if err != nil || !known {
		return nil, errors.New("it lacks the names of its events")
	}
	var list []netRequest
	for s.Scan() {
		var ev struct {
			Params struct{ URL, Initiator string }
			Time   string
			Type   int
		}
		line := bytes.TrimSuffix(bytes.TrimSpace(s.Bytes()), []byte(","))
		if json.Unmarshal(line, &ev) != nil || ev.Type != kind || ev.Params.URL == "" {
			continue
		}
		ticks, err := strconv.ParseInt(ev.Time, 10, 64)
		if err != nil {
			continue
		}
		from, err := url.Parse(ev.Params.Initiator)
		list = append(list, netRequest{url: ev.Params.URL, page: err == nil && from.Host != "", at: time.UnixMilli(offset + ticks)})
	}
	return list, s.Err()
}

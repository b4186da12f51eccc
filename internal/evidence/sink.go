package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"candour/internal/evidence/opening"
)

// Sink is where checkpoints go, off the machine if it is to be of use: whoever
// holds the machine can roll back log and store together, and only a
// checkpoint from elsewhere (candour verify --since) tells.
type Sink struct {
	folder string
	url    string
	client *http.Client
}

// sinkTimeout bounds one delivery.
const sinkTimeout = 10 * time.Second

// NewSink returns a sink for a folder, for instance a mount of another
// machine, or for an address that takes checkpoints by POST as text/plain.
// Plain HTTP is for this machine only. A folder must be there: its absence may
// be that of the mount.
func NewSink(target string) (Sink, error) {
	if !strings.Contains(target, "://") {
		if target == "" {
			return Sink{}, errors.New("evidence: the checkpoint sink is empty; give a folder or an address")
		}
		return Sink{folder: target}, nil
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return Sink{}, errors.New("evidence: the address of the checkpoint sink cannot be read; give it as https://host/path")
	}
	host := u.Hostname()
	local := host == "localhost" || host == "127.0.0.1" || host == "::1" || strings.HasSuffix(host, ".localhost")
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return Sink{}, errors.New("evidence: the address of the checkpoint sink must begin with https://")
	}
	return Sink{url: target, client: &http.Client{Timeout: sinkTimeout}}, nil
}

// send delivers a checkpoint. A folder gets it as latest.checkpoint and as the
// last of its day; an address by POST.
func (s Sink) send(ctx context.Context, raw []byte, at time.Time) error {
	if s.folder != "" {
		day := at.UTC().Format("2006-01-02") + ".checkpoint"
		return errors.Join(replace(filepath.Join(s.folder, day), raw), replace(filepath.Join(s.folder, "latest.checkpoint"), raw))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(raw))
	if err != nil {
		return errors.New("the request cannot be made")
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := s.client.Do(req)
	if err != nil {
		return errors.New("it does not answer")
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // lets the connection be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answers %d", resp.StatusCode)
	}
	return nil
}

func replace(path string, raw []byte) error {
	if err := os.WriteFile(path+".new", raw, 0o644); err != nil {
		return errors.New(reason(err))
	}
	if err := os.Rename(path+".new", path); err != nil {
		return errors.New(reason(err))
	}
	return nil
}

// delivery sends to one sink. A slow or dead sink holds up nothing: it gets
// the newest checkpoint when it is ready for one.
type delivery struct {
	sink    Sink
	next    chan []byte // room for one: the newest not yet sent
	sent    atomic.Uint64
	failed  atomic.Uint64
	size    atomic.Uint64 // of the last that was delivered
	waiting atomic.Uint64 // size of the last that was offered
}

func newDelivery(s Sink) *delivery { return &delivery{sink: s, next: make(chan []byte, 1)} }

// offer puts a checkpoint in place of the one that waits. Called by one
// goroutine.
func (d *delivery) offer(cp opening.Checkpoint, raw []byte) {
	d.waiting.Store(cp.Size)
	select {
	case <-d.next:
	default:
	}
	d.next <- raw
}

// run sends until stop, and then what waits, once.
func (d *delivery) run(stop <-chan struct{}, logger *slog.Logger) {
	failing := false
	for {
		select {
		case raw := <-d.next:
			failing = d.try(raw, failing, logger)
		case <-stop:
			select {
			case raw := <-d.next:
				d.try(raw, failing, logger)
			default:
			}
			return
		}
	}
}

// try sends once. It logs when a sink begins to fail, not each time.
func (d *delivery) try(raw []byte, failing bool, logger *slog.Logger) bool {
	ctx, cancel := context.WithTimeout(context.Background(), sinkTimeout)
	defer cancel()
	size := d.waiting.Load()
	if err := d.sink.send(ctx, raw, time.Now()); err != nil {
		d.failed.Add(1)
		if !failing {
			logger.Warn("a checkpoint of the evidence log could not be sent off the machine; each new one is tried", "error", err)
		}
		return true
	}
	d.sent.Add(1)
	d.size.Store(size)
	return false
}

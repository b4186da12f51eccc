package evidence

import (
	"bytes"
	"context"
	"time"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
)

// publish watches for the signed checkpoints that Tessera writes: an entry is
// published when one covers it, and not before. It runs until Close.
func (l *Log) publish() {
	poll := time.NewTimer(0)
	defer poll.Stop()
	for {
		l.mu.Lock()
		owed, changed := l.size > l.signed, l.changed
		l.mu.Unlock()
		if owed {
			poll.Reset(publishPoll)
			changed = nil
		} else {
			poll.Stop()
		}
		select {
		case <-poll.C:
			l.look()
		case <-changed:
		case <-l.stop:
			return
		}
	}
}

// look reads the checkpoint and, if it is a new one, makes it known.
func (l *Log) look() {
	raw, err := tiles.Folder(l.dir).Read(context.Background(), tiles.CheckpointPath)
	l.mu.Lock()
	same := bytes.Equal(raw, l.checkpoint)
	l.mu.Unlock()
	if err != nil || same {
		return // the next look comes
	}
	cp, _, err := opening.ParseCheckpoint(raw, l.key.verifier)
	if err != nil {
		l.logger.Error("the checkpoint of the evidence log was changed", "error", err)
		l.failures.Add(1)
		l.mu.Lock()
		l.checkpoint = raw // say it once
		l.mu.Unlock()
		return
	}
	l.update(func() { l.checkpoint, l.signed, l.signedAt = raw, cp.Size, time.Now() })
	for _, d := range l.sinks {
		d.offer(cp, raw)
	}
}

// keep writes the last checkpoint to the store, now and then and at Close, so
// that a log that is older than it is known to be.
func (l *Log) keep() {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		if err := l.keepCheckpoint(context.Background()); err != nil {
			l.logger.Warn("the last checkpoint could not be kept in the store", "error", err)
			l.failures.Add(1)
		}
	}
}

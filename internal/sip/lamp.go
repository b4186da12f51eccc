package sip

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"candour/internal/store"
)

// lamp is one call of a line, as those see it who may look on. A device of the
// line itself is told what it needs to take the call over, and who is at the
// other end as that is told to the line; a colleague that there is a call.
type lamp struct {
	line          int64
	callID        string
	local, remote string // tags: of the device, and ours towards it
	made, up      bool   // the device made the call; it is answered
	machine       bool   // by voicemail: it cannot be taken over
	number, name  string // of the other end; empty if withheld
}

// show publishes how the call stands for who looks on.
func (c *call) show() {
	if st := c.state.Load(); st != nil && c.phase == talking {
		now := *st
		now.legs[0] = c.a.media
		if c.b != nil {
			now.legs[1] = c.b.media
		}
		c.state.Store(&now)
	}
	var now []lamp
	if c.phase == ringing && c.record != nil || c.phase == talking {
		now = c.burning()
	}
	told := map[int64]bool{}
	c.s.mu.Lock()
	for _, l := range append(c.s.lit[c], now...) {
		told[l.line] = true
	}
	if len(now) == 0 {
		delete(c.s.lit, c)
	} else {
		c.s.lit[c] = now
	}
	c.s.mu.Unlock()
	for line := range told {
		c.s.tellOf(line)
	}
}

func (c *call) burning() (now []lamp) {
	for _, l := range c.legs() {
		if l.over || l.borrowed || c.phase == talking && l != c.a && l != c.b {
			continue
		}
		far := l.us
		if l.met != nil {
			far = *l.met
		}
		lit := lamp{line: l.line.ID, callID: l.callID, local: l.theirTag, remote: l.tag, made: l.invite == nil, up: c.phase == talking, machine: c.station != nil, number: far.uri.User, name: far.name}
		if strings.EqualFold(lit.number, "anonymous") {
			lit.number, lit.name = "", ""
		}
		now = append(now, lit)
	}
	return now
}

// lamps are the dialogs of a line (RFC 4235 4.1). What a colleague is told has no
// ids, no number and no name in it.
func (s *Server) lamps(line int64, own bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []lamp
	for _, lit := range s.lit {
		for _, l := range lit {
			if l.line == line && !(own && l.machine) {
				all = append(all, l)
			}
		}
	}
	if own {
		return s.ownDialogs(all)
	}
	state := ""
	for _, l := range all {
		if l.up {
			state = "confirmed"
		} else if state == "" {
			state = "early"
		}
	}
	if state == "" {
		return ""
	}
	return "<dialog id=\"1\"><state>" + state + "</state></dialog>\r\n"
}

func (s *Server) ownDialogs(all []lamp) string {
	var parts []string
	for _, l := range all {
		state, way := "early", "recipient"
		if l.up {
			state = "confirmed"
		}
		if l.made {
			way = "initiator"
		}
		other := ""
		if l.number != "" {
			other = fmt.Sprintf("<remote><identity display=\"%s\">sip:%s@%s</identity></remote>", xmlText(l.name), xmlText(l.number), xmlText(s.Domain))
		}
		parts = append(parts, fmt.Sprintf("<dialog id=\"%s\" call-id=\"%s\" local-tag=\"%s\" remote-tag=\"%s\" direction=\"%s\"><state>%s</state>%s</dialog>\r\n",
			xmlText(l.remote), xmlText(l.callID), xmlText(l.local), xmlText(l.remote), way, state, other))
	}
	slices.Sort(parts)
	return strings.Join(parts, "")
}

// dialogInfo is the document around the dialogs.
func dialogInfo(version int, entity, dialogs string) string {
	return fmt.Sprintf("<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%d\" state=\"full\" entity=\"sip:%s\">\r\n%s</dialog-info>\r\n",
		version, xmlText(entity), dialogs)
}

// summary is what is told of the messages that wait for a line (RFC 3842 5.2).
func (s *Server) summary(line int64, extension string) (string, error) {
	var fresh, old int
	if s.Voicemail != nil {
		err := s.inVoicemail(false, func(ctx context.Context, tx *store.Tx) (err error) {
			fresh, old, err = s.Voicemail.Waiting(ctx, tx, line)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	some := "no"
	if fresh > 0 {
		some = "yes"
	}
	return fmt.Sprintf("Messages-Waiting: %s\r\nMessage-Account: sip:%s@%s\r\nVoice-Message: %d/%d\r\n", some, extension, s.Domain, fresh, old), nil
}

// xmlText makes text fit to stand in a document (XML 1.0 2.4).
func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes all
	return b.String()
}

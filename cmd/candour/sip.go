package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"candour/internal/folder"
	"candour/internal/sip"
)

// SipCmd looks at the signalling of a running server.
type SipCmd struct {
	Registrations SipRegistrationsCmd `cmd:"" help:"List what is signed in: extension, how, since when. It names nobody."`
	Trunks        SipTrunksCmd        `cmd:"" help:"List the trunks: whether each can be called through, how many calls it has, its last failure."`
	Trace         SipTraceCmd         `cmd:"" help:"Show the messages of phones and pages as they pass. Redacted, it names nobody; nothing of it is kept."`
}

// SipRegistrationsCmd lists the devices that lines can be reached on.
type SipRegistrationsCmd struct {
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// registrationRow is a device as the list has it: nobody's name, nor an address
// of theirs.
type registrationRow struct {
	Extension, Over string
	Since, Until    time.Time
	Phone           bool
}

// Run prints a device a row.
func (c *SipRegistrationsCmd) Run(ctx context.Context, out io.Writer) error {
	var rows []registrationRow
	if err := perform(ctx, folder.Folder(c.Data), "sip-registrations", struct{}{}, &rows); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range rows {
		what := "page "
		if r.Phone {
			what = "phone"
		}
		fmt.Fprintf(&b, "%-10s %s over %-3s since %s until %s\n", r.Extension, what, r.Over, r.Since.UTC().Format(time.DateTime), r.Until.UTC().Format(time.DateTime))
	}
	if len(rows) == 0 {
		b.WriteString("nothing is signed in\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// listRegistrations reads them from the server that this is.
func (a *app) listRegistrations(context.Context, struct{}) (any, error) {
	if a.served == nil || a.served.phones == nil {
		return nil, errors.New("no server with a telephone has this data folder at the moment")
	}
	rows := []registrationRow{}
	for _, r := range a.served.phones.server.Registrations() {
		rows = append(rows, registrationRow{Extension: r.Line.Extension, Over: r.Network, Since: r.Since, Until: r.Expires, Phone: r.Network != sip.OverWebSocket})
	}
	return rows, nil
}

// sipAddress is where phones are told to connect, of the address that was given
// and the one that is listened on.
func (c *RunCmd) sipAddress(given string, addr net.Addr) string {
	host, _, err := net.SplitHostPort(given)
	_, port, err2 := net.SplitHostPort(addr.String())
	if err != nil || err2 != nil {
		return addr.String()
	}
	if c.SipPublic != "" {
		host = strings.Trim(c.SipPublic, "[]")
	}
	return net.JoinHostPort(host, port)
}

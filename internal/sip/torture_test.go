package sip_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"candour/internal/sip"
)

// tortured is what each message of RFC 4475 is answered with: from a stranger
// over UDP, and on the flow of somebody's page. 0 is silence, which answers what
// is an answer itself, what names nobody to be answered (test), and, more
// strictly than the RFC, control characters even where they are quoted (intmeth).
// So is 400 for branches as RFC 2543 had them (wsinv, longreq, inv2543) and for
// two Contacts (escnull). 403 is for callers whose page it is not, 404 for places
// that are not ours.
var tortured = map[string][2]int{
	"badaspec":   {400, 400},
	"badbranch":  {400, 400},
	"baddate":    {401, 403},
	"baddn":      {400, 400},
	"badinv01":   {400, 400},
	"badvers":    {505, 505},
	"bcast":      {0, 0},
	"bext01":     {420, 420},
	"bigcode":    {0, 0},
	"clerr":      {400, 400},
	"cparam01":   {401, 404},
	"cparam02":   {401, 404},
	"dblreq":     {401, 400},
	"esc01":      {401, 403},
	"esc02":      {501, 501},
	"escnull":    {400, 400},
	"escruri":    {400, 400},
	"insuf":      {400, 400},
	"intmeth":    {0, 0},
	"inv2543":    {400, 400},
	"invut":      {415, 415},
	"longreq":    {400, 400},
	"ltgtruri":   {400, 400},
	"lwsdisp":    {401, 200},
	"lwsruri":    {400, 400},
	"lwsstart":   {400, 400},
	"mcl01":      {400, 400},
	"mismatch01": {400, 400},
	"mismatch02": {400, 400},
	"mpart01":    {405, 405},
	"multi01":    {400, 400},
	"ncl":        {400, 400},
	"noreason":   {0, 0},
	"novelsc":    {416, 416},
	"quotbal":    {400, 400},
	"regaut01":   {401, 404},
	"regbadct":   {400, 400},
	"regescrt":   {400, 400},
	"scalar02":   {400, 400},
	"scalarlg":   {0, 0},
	"sdp01":      {401, 403},
	"semiuri":    {401, 200},
	"test":       {0, 0},
	"transports": {401, 200},
	"trws":       {400, 400},
	"unkscm":     {416, 416},
	"unksm2":     {416, 416},
	"unreason":   {0, 0},
	"wsinv":      {400, 400},
	"zeromf":     {401, 200},
}

// messages are those of RFC 4475, which come with the module whose parser we use.
func messages(t *testing.T) map[string]string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "sip/testdata/torture/*/*.dat"))
	all := map[string]string{}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), "\r\n\r\n") {
			b = append(b, "\r\n"...) // as it stands in the RFC
		}
		all[strings.TrimSuffix(filepath.Base(path), ".dat")] = string(b)
	}
	return all
}

// raw is a client that understands nothing of what it is sent.
type raw struct {
	t     *testing.T
	write func(string) error
	read  func() (string, error)
}

func (x *exchange) rawStranger() *raw {
	conn, err := net.Dial("udp", x.phones())
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &raw{x.t, func(s string) error { _, err := conn.Write([]byte(s)); return err }, func() (string, error) {
		b := make([]byte, 65_536)
		n, err := conn.Read(b)
		return string(b[:n]), err
	}}
}

func (x *exchange) rawPage(name string) *raw {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	sock, _, err := websocket.Dial(ctx, x.web.URL+"/"+name, &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = sock.CloseNow(); cancel() })
	return &raw{x.t, func(s string) error { return sock.Write(ctx, websocket.MessageBinary, []byte(s)) }, func() (string, error) {
		_, b, err := sock.Read(ctx)
		return string(b), err
	}}
}

// answered writes a message and returns the status of the final answer to it. If
// silence is meant, 0, what is written after it must be answered first.
func (r *raw) answered(text string, want int) (status int) {
	r.t.Helper()
	mark := draw()
	if err := errors.Join(r.write(text), r.write(strings.Replace(after, "MARK", mark, 2))); err != nil {
		r.t.Fatal(err)
	}
	for marked := false; !marked || want != 0 && status == 0; {
		got, err := r.read()
		if err != nil {
			r.t.Fatal(err)
		}
		if strings.Contains(got, mark) {
			marked = true
		} else if n, _ := strconv.Atoi(got[8:11]); n >= 200 {
			status = n
		}
	}
	return status
}

const after = "OPTIONS sip:" + domain + " SIP/2.0\r\nVia: SIP/2.0/UDP x.invalid;branch=z9hG4bKMARK;rport\r\nFrom: <sip:1001@" + domain + ">;tag=f\r\n" +
	"To: <sip:1001@" + domain + ">\r\nCall-ID: MARK\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

func TestTortureOnTheWire(t *testing.T) {
	all := messages(t)
	if len(all) != 50 {
		t.Fatalf("%d messages", len(all))
	}
	x := three(t, sip.Config{})
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			x.t = t
			want := tortured[name]
			if got := [2]int{x.rawStranger().answered(text, want[0]), x.rawPage("ann").answered(text, want[1])}; got != want {
				t.Errorf("answered with %v, want %v", got, want)
			}
		})
	}
	x.t = t
	if n := len(x.sip.Calls()); n != 0 {
		t.Errorf("%d calls began", n)
	}
	if n := len(x.sip.Registrations()); n != 0 {
		t.Errorf("%d devices are registered", n)
	}
}

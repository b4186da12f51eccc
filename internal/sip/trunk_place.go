package sip

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"
	"time"

	"candour/internal/telecom"
)

// Where a caller is, as it goes with an emergency call (RFC 6442) in the form of
// RFC 4119 and RFC 5139: the address of the line, and one fix of the caller's own
// device if the app sent one with the call. Nothing that the app wrote goes on as
// it is: what is meant is read strictly, and written anew.

const (
	typeMixed = "multipart/mixed"
	typePlace = "application/pidf+xml"

	maxPlace    = 8 << 10 // bytes of one PIDF-LO
	maxPieces   = 4       // of a body
	maxAccuracy = 100_000 // metres: beyond it a fix tells nothing
)

// fix is where a device found itself to be.
type fix struct {
	lat, long float64 // degrees, WGS 84
	radius    float64 // metres; 0 for not told
}

var errPlace = errors.New("sip: no place that we read")

// split takes a body of several parts apart: the session description, and the
// place if there is one.
func split(contentType string, body []byte) (sdp, place []byte, err error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != typeMixed || params["boundary"] == "" {
		return nil, nil, errPlace
	}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for n := 0; ; n++ {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n == maxPieces {
			return nil, nil, errPlace
		}
		b, err := io.ReadAll(io.LimitReader(p, maxFrame))
		if err != nil {
			return nil, nil, errPlace
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		switch {
		case kind == typeSDP && sdp == nil:
			sdp = b
		case kind == typePlace && place == nil && len(b) <= maxPlace:
			place = b
		default:
			return nil, nil, errPlace
		}
	}
	if sdp == nil {
		return nil, nil, errPlace
	}
	return sdp, place, nil
}

// readFix reads the one fix of a PIDF-LO: a point (RFC 5491 5.2.1) or a circle
// (5.2.3) of WGS 84. Other elements of it, such as names and addresses, are not
// read; a second place is a fault.
func readFix(b []byte) (f fix, err error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	found := 0
	for depth := 0; ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fix{}, errPlace
		}
		switch e := tok.(type) {
		case xml.Directive:
			return fix{}, errPlace // no document type, no entities
		case xml.StartElement:
			if depth++; depth > 16 || depth == 1 && e.Name.Local != "presence" {
				return fix{}, errPlace
			}
			switch {
			case e.Name.Space == spaceGML && e.Name.Local == "Point", e.Name.Space == spaceGS && e.Name.Local == "Circle":
				if found++; found > 1 {
					return fix{}, errPlace
				}
				var s shape
				if d.DecodeElement(&s, &e) != nil {
					return fix{}, errPlace
				}
				depth--
				if f, err = s.fix(); err != nil {
					return fix{}, err
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	if found != 1 {
		return fix{}, errPlace
	}
	return f, nil
}

const (
	spaceGML = "http://www.opengis.net/gml"
	spaceGS  = "http://www.opengis.net/pidflo/1.0"
	wgs84    = "urn:ogc:def:crs:EPSG::4326"
)

type shape struct {
	Srs    string `xml:"srsName,attr"`
	Pos    string `xml:"http://www.opengis.net/gml pos"`
	Radius string `xml:"http://www.opengis.net/pidflo/1.0 radius"`
}

func (s *shape) fix() (f fix, err error) {
	at := strings.Fields(s.Pos)
	if s.Srs != wgs84 || len(at) != 2 {
		return fix{}, errPlace
	}
	for i, to := range []*float64{&f.lat, &f.long} {
		if *to, err = degrees(at[i], float64(90*(i+1))); err != nil {
			return fix{}, err
		}
	}
	if r := strings.TrimSpace(s.Radius); r != "" {
		if f.radius, err = degrees(r, maxAccuracy); err != nil || f.radius < 0 {
			return fix{}, errPlace
		}
	}
	return f, nil
}

// degrees reads a decimal number within bounds.
func degrees(text string, most float64) (float64, error) {
	if len(text) > 24 || strings.Trim(text, "0123456789.-") != "" {
		return 0, errPlace
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > most {
		return 0, errPlace
	}
	return v, nil
}

// writePlace writes a PIDF-LO for an emergency service: the address, and the fix
// beside it, each where there is one. The entity is the operator, not the caller.
func writePlace(domain string, a *telecom.Address, f *fix, now time.Time) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" xmlns:gml="%s" xmlns:gs="%s" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="pres:emergency@%s">`, spaceGML, spaceGS, escaped(domain))
	stamp := now.UTC().Format(time.RFC3339)
	if f != nil {
		fmt.Fprintf(&b, `<dm:device id="fix"><gp:geopriv><gp:location-info>%s</gp:location-info>%s<gp:method>Device-Assisted_A-GPS</gp:method></gp:geopriv><dm:timestamp>%s</dm:timestamp></dm:device>`, f.gml(), usage(now), stamp)
	}
	if a != nil {
		fmt.Fprintf(&b, `<tuple id="line"><status><gp:geopriv><gp:location-info>%s</gp:location-info>%s<gp:method>Manual</gp:method></gp:geopriv></status><timestamp>%s</timestamp></tuple>`, civic(a), usage(now), stamp)
	}
	b.WriteString("</presence>\r\n")
	return b.Bytes()
}

func (f *fix) gml() string {
	pos := strconv.FormatFloat(f.lat, 'f', 6, 64) + " " + strconv.FormatFloat(f.long, 'f', 6, 64)
	if f.radius == 0 {
		return fmt.Sprintf(`<gml:Point srsName="%s"><gml:pos>%s</gml:pos></gml:Point>`, wgs84, pos)
	}
	return fmt.Sprintf(`<gs:Circle srsName="%s"><gml:pos>%s</gml:pos><gs:radius uom="urn:ogc:def:uom:EPSG::9001">%s</gs:radius></gs:Circle>`, wgs84, pos, strconv.FormatFloat(f.radius, 'f', 1, 64))
}

// usage says that the place may be kept for a day and not passed on beyond who
// answers the call (RFC 4119 2.2.2).
func usage(now time.Time) string {
	return fmt.Sprintf(`<gp:usage-rules><gp:retransmission-allowed>no</gp:retransmission-allowed><gp:retention-expiry>%s</gp:retention-expiry></gp:usage-rules>`, now.Add(24*time.Hour).UTC().Format(time.RFC3339))
}

// civic writes an address (RFC 5139 3).
func civic(a *telecom.Address) string {
	var b strings.Builder
	b.WriteString(`<ca:civicAddress xml:lang="en-GB">`)
	house := "LMK" // a name by which it is known
	if a.House != "" && a.House[0] >= '0' && a.House[0] <= '9' && !strings.Contains(a.House, " ") {
		house = "HNO"
	}
	for _, e := range []struct{ name, value string }{
		{"country", cmp.Or(a.Country, "GB")}, {"A3", a.Town}, {"RD", a.Street}, {house, a.House}, {"UNIT", a.Unit}, {"PC", a.Postcode},
	} {
		if e.value != "" {
			fmt.Fprintf(&b, "<ca:%s>%s</ca:%s>", e.name, escaped(e.value), e.name)
		}
	}
	b.WriteString("</ca:civicAddress>")
	return b.String()
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // never fails
	return b.String()
}

// bodyWith puts a session description and a place into one body (RFC 2046 5.1), and
// returns its type.
func bodyWith(sdp string, place []byte, id string) (contentType string, body []byte) {
	boundary := "b" + newTag()
	var b bytes.Buffer
	fmt.Fprintf(&b, "--%s\r\nContent-Type: %s\r\n\r\n%s\r\n", boundary, typeSDP, sdp)
	fmt.Fprintf(&b, "--%s\r\nContent-Type: %s\r\nContent-ID: <%s>\r\n\r\n%s\r\n--%s--\r\n", boundary, typePlace, id, place, boundary)
	return typeMixed + ";boundary=" + boundary, b.Bytes()
}

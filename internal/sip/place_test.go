package sip

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"candour/internal/telecom"
)

const point = `<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple><p:Point xmlns:p="http://www.opengis.net/gml" srsName="urn:ogc:def:crs:EPSG::4326"><p:pos>52.3 -1.9</p:pos></p:Point></tuple></presence>`

func TestReadFix(t *testing.T) {
	for text, want := range map[string]*fix{
		point: {52.3, -1.9, 0},
		strings.Replace(point, "52.3 -1.9", " -90 180 ", 1): {-90, 180, 0},
		strings.Replace(point, "52.3 -1.9", "91 0", 1):      nil,
		strings.Replace(point, "52.3 -1.9", "1e1 0", 1):     nil,
		strings.Replace(point, "52.3 -1.9", "NaN 0", 1):     nil,
		strings.Replace(point, "52.3 -1.9", "52.3", 1):      nil,
		strings.Replace(point, "52.3 -1.9", "52.3 1 1", 1):  nil,
		strings.Replace(point, "4326", "3857", 1):           nil,
		strings.Replace(point, "presence", "absence", 2):    nil,
		strings.Replace(point, "/gml", "/other", 1):         nil,
		strings.Replace(point, "<tuple>", "<tuple>"+point[strings.Index(point, "<p:Point"):strings.Index(point, "</tuple>")], 1): nil, // two places
		strings.TrimSuffix(point, "</presence>"): nil,
		`<!DOCTYPE p [<!ENTITY a "1">]>` + point: nil,
		strings.Repeat("<presence>", 40):         nil,
		"":                                       nil,
		"v=0":                                    nil,
	} {
		f, err := readFix([]byte(text))
		if (err == nil) != (want != nil) || want != nil && f != *want {
			t.Errorf("%s: %v %v", text, f, err)
		}
	}
}

func TestSplit(t *testing.T) {
	kind, body := bodyWith("v=0", []byte("<x/>"), "id@host")
	sdp, place, err := split(kind, body)
	if err != nil || string(sdp) != "v=0" || string(place) != "<x/>" {
		t.Fatalf("%q %q %v", sdp, place, err)
	}
	part := func(kind, body string) string { return "--b\r\nContent-Type: " + kind + "\r\n\r\n" + body + "\r\n" }
	for text, ok := range map[string]bool{
		part(typeSDP, "v=0") + "--b--":                                                    true,
		part(typeSDP, "v=0") + part(typeSDP, "v=0") + "--b--":                             false,
		part(typePlace, "<x/>") + "--b--":                                                 false,
		part(typeSDP, "v=0") + part("text/plain", "x") + "--b--":                          false,
		part(typeSDP, "v=0"):                                                              false,
		part(typeSDP, "v=0") + part(typePlace, strings.Repeat("x", maxPlace+1)) + "--b--": false,
		"": false,
	} {
		if _, _, err := split("multipart/mixed; boundary=b", []byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, kind := range []string{"", "multipart/mixed", "multipart/related;boundary=b", "multipart/mixed;boundary="} {
		if _, _, err := split(kind, []byte(part(typeSDP, "v=0")+"--b--")); err == nil {
			t.Errorf("%q is taken", kind)
		}
	}
}

// L38: the address of the line in the form of RFC 4119 and RFC 5139, whatever stands
// in it.
func TestWritePlace(t *testing.T) {
	a := telecom.Address{House: "12", Street: "Market <Place> & \"Row\"", Unit: "Flat 2", Town: "Redditch", Postcode: "B97 4AA"}
	b := writePlace("invoco.example", &a, &fix{52.3, -1.9, 12}, time.Unix(1_790_000_000, 0))
	var v struct {
		XMLName xml.Name `xml:"urn:ietf:params:xml:ns:pidf presence"`
		Entity  string   `xml:"entity,attr"`
		Tuple   struct {
			Civic struct {
				Country  string `xml:"country"`
				Town     string `xml:"A3"`
				Unit     string `xml:"UNIT"`
				Street   string `xml:"RD"`
				Number   string `xml:"HNO"`
				Postcode string `xml:"PC"`
			} `xml:"status>geopriv>location-info>civicAddress"`
			Onward string `xml:"status>geopriv>usage-rules>retransmission-allowed"`
		} `xml:"tuple"`
	}
	if err := xml.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	c := v.Tuple.Civic
	if c.Country != "GB" || c.Town != a.Town || c.Unit != a.Unit || c.Street != a.Street || c.Number != "12" || c.Postcode != a.Postcode || v.Tuple.Onward != "no" || v.Entity != "pres:emergency@invoco.example" {
		t.Errorf("%+v\n%s", v, b)
	}
	if f, err := readFix(b); err != nil || f != (fix{52.3, -1.9, 12}) {
		t.Errorf("%v %v", f, err)
	}
	if b := string(writePlace("x", &telecom.Address{House: "Rose Cottage"}, nil, time.Now())); !strings.Contains(b, "<ca:LMK>Rose Cottage</ca:LMK>") || strings.Contains(b, "Circle") {
		t.Error(b)
	}
}

func TestReadAsked(t *testing.T) {
	for text, want := range map[string]string{
		`Digest realm="r", nonce="n"`: "r n MD5 false false",
		`digest realm="r",nonce="n",algorithm=SHA-256,qop="auth-int,auth",stale=TRUE`: "r n SHA-256 true true",
		`Digest realm="", nonce="n", qop=auth`:                                        " n MD5 true false",
		`Digest nonce="n"`:                                                            "",
		`Digest realm="r"`:                                                            "",
		`Digest realm="r", nonce="n", qop="auth-int"`:                                 "",
		`Digest realm="r", nonce="n", algorithm=SHA-512-256`:                          "",
		`Digest realm="r", nonce="n", nonce="m"`:                                      "",
		`Digest realm="r\"x", nonce="n"`:                                              "",
		`Basic realm="r"`:                                                             "",
		``:                                                                            "",
	} {
		a, ok := readAsked(text)
		got := ""
		if ok {
			got = strings.Join([]string{a.realm, a.nonce, a.algorithm, map[bool]string{true: "true", false: "false"}[a.qop], map[bool]string{true: "true", false: "false"}[a.stale]}, " ")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	// RFC 7616 3.9.1.
	a := asked{realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", qop: true, algorithm: "SHA-256"}
	if got := a.answer("GET", "/dir/index.html", "Mufasa", "Circle of Life", 1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"); !strings.Contains(got, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1") {
		t.Error(got)
	}
}

func FuzzReadFix(f *testing.F) {
	f.Add([]byte(point))
	f.Add(writePlace("x", nil, &fix{1, 2, 3}, time.Unix(0, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := readFix(b)
		if err != nil {
			return
		}
		if v.lat < -90 || v.lat > 90 || v.long < -180 || v.long > 180 || v.radius < 0 || v.radius > maxAccuracy {
			t.Errorf("%v", v)
		}
		if err := xml.Unmarshal(writePlace("x", nil, &v, time.Unix(0, 0)), new(struct{})); err != nil {
			t.Error(err)
		}
	})
}

func FuzzSplit(f *testing.F) {
	kind, body := bodyWith("v=0", []byte(point), "id@host")
	f.Add(kind, body)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if sdp, _, err := split(kind, body); err == nil && sdp == nil {
			t.Error("no description")
		}
	})
}

func FuzzReadAsked(f *testing.F) {
	f.Add(`Digest realm="r", nonce="n", qop="auth"`)
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := readAsked(s)
		if !ok {
			return
		}
		h := a.answer("INVITE", "sip:a@b", "u", "p", 1, "c")
		if strings.ContainsAny(h, "\r\n") {
			t.Errorf("%q", h)
		}
		if back, ok := readCredentials(h); a.qop && len(a.nonce) <= maxParam && len(a.realm) <= maxParam && len(a.opaque) <= maxParam && (!ok || back.nonce != a.nonce || back.realm != a.realm) {
			t.Errorf("%q is not read back", h)
		}
	})
}

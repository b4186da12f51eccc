package own

import (
	"fmt"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// The drawing has the dark squares of the code and no others, within a quiet
// edge.
func TestPictureOf(t *testing.T) {
	const text = "sip:abcdefgh:abcdefghijklmnop@example.net"
	p, err := pictureOf(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	side := code.Bounds().Dx()
	if p.Units != side+8 {
		t.Errorf("%d units for %d", p.Units, side)
	}
	dark := 0
	for y := range side {
		for x := range side {
			r, _, _, _ := code.At(x, y).RGBA()
			if r == 0 {
				dark++
			}
			if drawn := strings.Contains(p.Path, fmt.Sprintf("M%d %dh1v1h-1z", x+4, y+4)); drawn != (r == 0) {
				t.Fatalf("%d,%d: drawn %v", x, y, drawn)
			}
		}
	}
	if dark != strings.Count(p.Path, "M") || dark < side*side/3 {
		t.Errorf("%d dark squares", dark)
	}
	if _, err := pictureOf(strings.Repeat("x", 10000)); err == nil || strings.Contains(err.Error(), "xx") {
		t.Errorf("a text that does not fit: %v", err)
	}
}

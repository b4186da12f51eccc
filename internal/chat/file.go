package chat

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // opened, and sent on as another kind
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // likewise

	"candour/internal/vault"
)

// Limits of what comes with a message.
const (
	MaxPhoto  = 12 << 20  // octets as they come; a telephone's camera makes less
	MaxFile   = 900 << 10 // octets of what is no photo
	maxPixels = 40 << 20  // of a photo that is opened: one takes up to 4 octets each
	longSide  = 1600      // pixels of a photo as it is sent: more than a screen shows
	fullJPEG  = 85        // quality, lowered until it fits
	leastJPEG = 45
)

// Attachment is what comes with a message. It holds personal data and prints as
// a fixed word.
type Attachment struct {
	Kind string // Photo or File
	Name string
	Type string // media type
	Data []byte
}

// Format writes a fixed word, whatever the verb.
func (Attachment) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(attachment)") }

// LogValue keeps the attachment out of structured logs.
func (Attachment) LogValue() slog.Value { return slog.StringValue("(attachment)") }

// photos are the kinds that are opened, and never sent on as they came.
var photos = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// office are the documents that are an archive inside, by the end of their name.
var office = map[string]string{
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text",
	".ods":  "application/vnd.oasis.opendocument.spreadsheet",
	".odp":  "application/vnd.oasis.opendocument.presentation",
}

// Attach checks a file that somebody wants to send. What it is is told by its
// first octets, not by its name nor by whoever sent it. A photo is drawn anew, so
// that nothing is left of where and with what it was taken. A Refusal if it is
// not carried.
func (d *Desk) Attach(ctx context.Context, name string, data []byte) (Attachment, error) {
	kind, _, _ := strings.Cut(http.DetectContentType(data), ";")
	if slices.Contains(photos, kind) {
		if len(data) > MaxPhoto {
			return Attachment{}, refuse(TooLarge)
		}
		select {
		case d.one <- struct{}{}:
			defer func() { <-d.one }()
		case <-ctx.Done():
			return Attachment{}, ctx.Err()
		}
		return photo(name, data)
	}
	ext := strings.ToLower(path.Ext(name))
	switch {
	case kind == "application/pdf", kind == "text/plain" && utf8.Valid(data):
	case kind == "application/zip" && office[ext] != "":
		kind = office[ext]
	default:
		return Attachment{}, refuse(Kind)
	}
	if len(data) > MaxFile {
		return Attachment{}, refuse(TooLarge)
	}
	return Attachment{Kind: File, Name: fileName(name, "file"), Type: kind, Data: data}, nil
}

// photo draws a photo anew: upright, no larger than a screen shows, and with
// nothing in the file but the picture.
func photo(name string, data []byte) (Attachment, error) {
	conf, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || conf.Width < 1 || conf.Height < 1 || conf.Width > maxPixels/conf.Height {
		return Attachment{}, refuse(Damaged)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Attachment{}, refuse(Damaged)
	}
	img = small(img)
	if format == "jpeg" {
		img = turned(img, orientation(data))
	}
	base := strings.TrimSuffix(fileName(name, "photo"), path.Ext(fileName(name, "photo")))
	if base == "" {
		base = "photo"
	}
	if format != "jpeg" {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err == nil && b.Len() <= vault.MaxValue {
			return Attachment{Photo, base + ".png", "image/png", b.Bytes()}, nil
		}
		img = onWhite(img)
	}
	for q := fullJPEG; q >= leastJPEG; q -= 10 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: q}); err != nil {
			return Attachment{}, refuse(Damaged)
		}
		if b.Len() <= vault.MaxValue {
			return Attachment{Photo, base + ".jpg", "image/jpeg", b.Bytes()}, nil
		}
	}
	return Attachment{}, refuse(TooLarge)
}

// small brings a picture to the size of a screen. It always draws it anew.
func small(img image.Image) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > longSide {
		w, h = max(1, w*longSide/long), max(1, h*longSide/long)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}

// onWhite puts what shines through onto white, for a kind of picture that knows
// no shining through.
func onWhite(img image.Image) image.Image {
	out := image.NewNRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out
}

// turned turns a picture upright: o is how a camera was held (Exif 2.3 section
// 4.6.4, Orientation).
func turned(img image.Image, o int) image.Image {
	if o < 2 || o > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	ow, oh := w, h
	if o >= 5 {
		ow, oh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			switch o {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			out.Set(x, y, img.At(b.Min.X+sx, b.Min.Y+sy))
		}
	}
	return out
}

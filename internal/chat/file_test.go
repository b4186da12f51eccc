package chat_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"candour/internal/chat"
	"candour/internal/keys"
	"candour/internal/store"
)

// picture is red on its left half and blue on its right.
func picture(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.NRGBA{0, 0, 200, 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func subject(n int64) keys.SubjectID { return keys.SubjectID(n) }

func asJPEG(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts Exif into a JPEG: how the camera was held, and words that tell
// where.
func withExif(data []byte, orientation uint16, order binary.AppendByteOrder) []byte {
	head := "MM\x00*"
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		head = "II*\x00"
	}
	b := append([]byte("Exif\x00\x00"), head...)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = append(b, "\x00\x00PLANTED GPS 51.50735"...)
	seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(b)+2))
	return bytes.Join([][]byte{data[:2], seg, b, data[2:]}, nil)
}

// A photo is drawn anew: nothing stays of where and with what it was taken, nor
// of what was hidden in it, and it stands upright.
func TestPhoto(t *testing.T) {
	d := chat.New(chat.Config{})
	plain := asJPEG(t, picture(400, 200))
	var g bytes.Buffer
	if err := gif.Encode(&g, picture(20, 10), nil); err != nil {
		t.Fatal(err)
	}
	hidden := append(asPNG(t, picture(20, 10)), "<script>PLANTED</script>"...)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"a.jpg":         {plain, "photo a.jpg image/jpeg 400x200 red"},
		"b.JPEG":        {withExif(plain, 1, binary.BigEndian), "photo b.jpg image/jpeg 400x200 red"},
		"half.jpg":      {withExif(plain, 3, binary.LittleEndian), "photo half.jpg image/jpeg 400x200 blue"},
		"right.jpg":     {withExif(plain, 6, binary.BigEndian), "photo right.jpg image/jpeg 200x400 red"},
		"left.jpg":      {withExif(plain, 8, binary.BigEndian), "photo left.jpg image/jpeg 200x400 blue"},
		"mirror.jpg":    {withExif(plain, 2, binary.BigEndian), "photo mirror.jpg image/jpeg 400x200 blue"},
		"none.jpg":      {withExif(plain, 99, binary.BigEndian), "photo none.jpg image/jpeg 400x200 red"},
		"big.jpg":       {asJPEG(t, picture(3200, 400)), "photo big.jpg image/jpeg 1600x200 red"},
		"x.png":         {hidden, "photo x.png image/png 20x10 red"},
		"as.pdf":        {asPNG(t, picture(20, 10)), "photo as.png image/png 20x10 red"},
		"moving.gif":    {g.Bytes(), "photo moving.png image/png 20x10 red"},
		`..\..\"a".jpg`: {plain, "photo a.jpg image/jpeg 400x200 red"},
		"":              {plain, "photo photo.jpg image/jpeg 400x200 red"},
	} {
		a, err := d.Attach(ctx, name, c.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, _, err := image.Decode(bytes.NewReader(a.Data))
		if err != nil {
			t.Fatal(err)
		}
		what := "red"
		if r, _, b, _ := img.At(2, 2).RGBA(); b > r {
			what = "blue"
		}
		if got := fmt.Sprintf("%s %s %s %dx%d %s", a.Kind, a.Name, a.Type, img.Bounds().Dx(), img.Bounds().Dy(), what); got != c.want {
			t.Errorf("%q: %s, want %s", name, got, c.want)
		}
		if bytes.Contains(a.Data, []byte("PLANTED")) || bytes.Contains(a.Data, []byte("Exif")) {
			t.Errorf("%q: what was hidden in it is sent on", name)
		}
	}
}

// bomb is a PNG that says it is huge.
func bomb(t testing.TB) []byte {
	data := asPNG(t, picture(2, 2))
	binary.BigEndian.PutUint32(data[16:], 60000)
	binary.BigEndian.PutUint32(data[20:], 60000)
	return data
}

// What a file is is told by what is in it; what is not known is not carried.
func TestFile(t *testing.T) {
	d := chat.New(chat.Config{})
	zip := "PK\x03\x04" + strings.Repeat("x", 100)
	for name, c := range map[string]struct{ data, want string }{
		"a.pdf":      {"%PDF-1.7 x", "file a.pdf application/pdf"},
		"notes.txt":  {"Hello\nthere", "file notes.txt text/plain"},
		"b.docx":     {zip, "file b.docx application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"c.zip":      {zip, "kind"},
		"d.exe":      {"MZ\x90\x00", "kind"},
		"page.html":  {"<!DOCTYPE html><script>1</script>", "kind"},
		"page.txt":   {"<html><body>", "kind"},
		"v.svg":      {"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "file v.svg text/plain"},
		"x.xml":      {"<?xml version='1.0'?><x/>", "kind"},
		"big.pdf":    {"%PDF-1.7" + strings.Repeat(" ", chat.MaxFile), "too-large"},
		"big.jpg":    {string(asJPEG(t, picture(4, 4))) + strings.Repeat("x", chat.MaxPhoto), "too-large"},
		"broken.jpg": {"\xff\xd8\xff\xe0broken", "damaged"},
		"bomb.png":   {string(bomb(t)), "damaged"},
		"latin.txt":  {"caf\xe9", "kind"},
		"empty":      {"", "file empty text/plain"},
		"\u202egpj.exe\x00/" + strings.Repeat("é", 200) + ".txt": {"words", "file " + strings.Repeat("é", 96) + ".txt text/plain"},
	} {
		a, err := d.Attach(ctx, name, []byte(c.data))
		got := a.Kind + " " + a.Name + " " + a.Type
		if err != nil {
			got = code(err)
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", name, got, c.want)
		}
	}
}

// A photo and a file arrive, each in a part of its own, and are nobody else's.
func TestAttached(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		cal := x.line("Cal", "1003")
		a, err := x.desk.Attach(ctx, "cat.jpg", asJPEG(t, picture(20, 10)))
		x.must(err)
		id, err := x.desk.Send(ctx, ann, bea, chat.Draft{Text: "my cat", File: &a})
		x.must(err)
		x.want("to Bea", x.thread(bea, ann), []string{"from 1001 photo: my catcat.jpg"})
		read := func(who string, of int64) string {
			l := map[string]int64{"ann": int64(ann.Subject), "bea": int64(bea.Subject), "cal": int64(cal.Subject)}[who]
			var got chat.Attachment
			err := x.Store.View(ctx, func(tx *store.Tx) (err error) {
				got, err = x.desk.Attached(ctx, tx, subject(l), of)
				return err
			})
			if err == nil && !bytes.Equal(got.Data, a.Data) {
				return "another file"
			}
			return code(err)
		}
		x.want("Ann", read("ann", id), "done")
		x.want("Bea", read("bea", id), "done")
		x.want("Cal", read("cal", id), "not found")
		x.want("of words alone", read("ann", x.send(ann, bea, "x")), "not found")
		x.update(func(tx *store.Tx) error { return x.desk.Forget(ctx, tx, x.access("messages"), ann.Subject, id) })
		x.want("Ann, once she forgot it", read("ann", id), "not found")
		x.want("Bea still", read("bea", id), "done")
		x.want("what is held of Ann", len(x.exported(ann.Subject)), 1)
		x.must(x.Vault.Check(ctx))
	})
}

func FuzzAttach(f *testing.F) {
	f.Add("a.jpg", withExif(asJPEG(f, picture(8, 4)), 6, binary.BigEndian))
	f.Add("a.png", asPNG(f, picture(4, 4)))
	f.Add("a.txt", []byte("words"))
	f.Add("a.docx", []byte("PK\x03\x04"))
	d := chat.New(chat.Config{})
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		a, err := d.Attach(ctx, name, data)
		if err != nil {
			return
		}
		if strings.ContainsAny(a.Name, "/\\\"\r\n") || a.Name == "" || len([]rune(a.Name)) > 110 {
			t.Fatalf("a name of %q", a.Name)
		}
		if a.Kind == chat.Photo && a.Type != "image/png" && a.Type != "image/jpeg" {
			t.Fatal(a.Type)
		}
	})
}

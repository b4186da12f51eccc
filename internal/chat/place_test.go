package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"candour/internal/chat"
	"candour/internal/store"
	"candour/internal/telecom"
)

var here = chat.Fix{Latitude: 51.507351, Longitude: -0.127758, Accuracy: 11.2}

// agree is somebody's word on sharing where they are.
func (x *office) agree(l telecom.Line, yes bool) {
	x.t.Helper()
	x.update(func(tx *store.Tx) error { return x.Vault.SetConsent(ctx, tx, l.Subject, "share-location", yes) })
}

func (x *office) share(from, to telecom.Line) (int64, error) {
	return x.desk.Share(ctx, x.access("share-location"), from, to, here)
}

// R11, L27: a place is shared with one person, on a yes that stands; the evidence
// says that it was, and not where; it goes for both once the yes, or the place,
// is taken back, and after a day by itself.
func TestPlace(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		_, err := x.share(ann, bea)
		x.want("without a yes", code(err), "no-yes")
		x.agree(bea, true)
		_, err = x.share(ann, bea)
		x.want("on somebody else's yes", code(err), "no-yes")
		x.agree(bea, false)
		x.want("nothing was kept", x.count("SELECT COUNT(*) FROM messages")+x.count("SELECT COUNT(*) FROM shared_places"), 0)
		x.agree(ann, true)
		first, err := x.share(ann, bea)
		x.must(err)
		shown := "51.50735, -0.12776, within 12 metres: "
		x.want("to the author", x.thread(ann, bea), []string{strings.TrimSpace("to 1002 place " + shown)})
		x.want("to the reader", x.thread(bea, ann), []string{strings.TrimSpace("from 1001 place " + shown)})
		x.want("in the author's copy", x.exported(ann.Subject), []string{"To 1002\nWhere I was, once\n\n", "geo:51.50735,-0.12776;u=12"})
		x.want("in the reader's", x.exported(bea.Subject), []string{"From 1001\nWhere I was, once\n\n"})
		for _, s := range []telecom.Line{ann, bea} {
			about := strings.Join(x.About(s.Subject), "\n")
			if !strings.Contains(about, "place.shared") || strings.Contains(about, "51.5") || strings.Contains(about, "0.127") {
				t.Error("the evidence:", about)
			}
		}
		unshare := func(l telecom.Line, id int64) string {
			return code(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Unshare(ctx, tx, l.Subject, id) }))
		}
		x.want("the reader takes nothing back", unshare(bea, first), "not found")
		x.want("the author does", unshare(ann, first), "done")
		x.want("twice", unshare(ann, first), "not found")
		gone := []string{"from 1001 place gone:"}
		x.want("for both", x.thread(bea, ann), gone)
		x.want("and in the vault", len(x.exported(ann.Subject)), 1)

		x.Later(time.Hour)
		_, err = x.share(ann, bea)
		x.must(err)
		x.agree(ann, false)
		x.want("with the yes", x.thread(bea, ann), append(gone, gone...))
		x.want("and in the vault", len(x.exported(ann.Subject)), 2)
		x.must(x.Vault.Check(ctx))
	})
}

// It is shown for a day at most, whenever the sweep comes; and the sweep erases
// it.
func TestPlaceEnds(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		x.agree(ann, true)
		_, err := x.share(ann, bea)
		x.must(err)
		x.Later(24*time.Hour - time.Minute)
		x.want("within the day", strings.Contains(fmt.Sprint(x.thread(bea, ann)), "51.5"), true)
		x.Later(time.Minute)
		x.want("after it", x.thread(bea, ann), []string{"from 1001 place gone:"})
		x.must(x.desk.Sweep(ctx))
		x.want("in the vault", x.exported(ann.Subject), []string{"To 1002\nWhere I was, once\n\n"})
		x.want("that it was shared", x.count("SELECT COUNT(*) FROM shared_places"), 0)
	})
}

// The author forgets it: it goes for both. The reader forgets it: it goes for
// the reader. The author is erased: it is nowhere.
func TestPlaceForgotten(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		cal := x.line("Cal", "1003")
		x.agree(ann, true)
		one, err := x.share(ann, bea)
		x.must(err)
		two, err := x.share(ann, cal)
		x.must(err)
		x.update(func(tx *store.Tx) error { return x.desk.Forget(ctx, tx, x.access("messages"), ann.Subject, one) })
		x.want("for Bea", x.thread(bea, ann), []string{"from 1001 place gone:"})
		x.update(func(tx *store.Tx) error { return x.desk.Forget(ctx, tx, x.access("messages"), cal.Subject, two) })
		x.want("for Cal", len(x.thread(cal, ann)), 0)
		x.want("Ann's own", strings.Contains(fmt.Sprint(x.thread(ann, cal)), "51.5"), true)
		x.erase(ann.Subject)
		x.want("rows", x.count("SELECT COUNT(*) FROM shared_places"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// Repeats cannot become a track: a quarter of an hour lies between two with one
// person, and there are four a day with them and eight in all, also for whoever
// forgets what they shared.
func TestPlaceIsNoTrack(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		cal, dan := x.line("Cal", "1003"), x.line("Dan", "1004")
		x.agree(ann, true)
		try := func(what string, to telecom.Line, want string) time.Duration {
			t.Helper()
			id, err := x.share(ann, to)
			x.want(what, code(err), want)
			if err == nil {
				x.update(func(tx *store.Tx) error { return x.desk.Forget(ctx, tx, x.access("messages"), ann.Subject, id) })
			}
			var r *chat.Refusal
			if errors.As(err, &r) {
				return r.Wait
			}
			return 0
		}
		try("the first", bea, "done")
		x.Later(5 * time.Minute)
		x.want("to wait", try("five minutes later", bea, "too-soon"), 10*time.Minute)
		try("with another", cal, "done")
		for i := range 3 {
			x.Later(15 * time.Minute)
			try(fmt.Sprint("a quarter of an hour later, ", i), bea, "done")
		}
		x.Later(15 * time.Minute)
		if wait := try("a fifth with one person", bea, "too-often"); wait <= 0 || wait > 24*time.Hour {
			t.Error(wait)
		}
		for i := range 3 {
			try(fmt.Sprint("with the other, ", i), cal, "done")
			x.Later(15 * time.Minute)
		}
		try("the ninth in all", dan, "too-often")
		x.Later(24 * time.Hour)
		try("the next day", bea, "done")
		x.blocked[[2]int64{ann.ID, dan.ID}] = true
		try("with one who takes nothing from her", dan, "blocked")
	})
}

func TestParseFix(t *testing.T) {
	for s, want := range map[string]string{
		"51.507351,-0.127758,11.2": "51.50735, -0.12776, within 12 metres", "-90,180,0": "-90.00000, 180.00000, within 1 metre", " 1 , 2 , 3456 ": "1.00000, 2.00000, within 4 kilometres",
		"": "", "1,2": "", "1,2,3,4": "", "91,0,1": "", "0,181,1": "", "0,0,-1": "", "NaN,0,1": "", "0,Inf,1": "", "1e400,0,1": "", "0,0,1e9": "", "x,y,z": "", strings.Repeat("1", 200) + ",1,1": "",
	} {
		f, err := chat.ParseFix(s)
		if got := f.Words(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func FuzzParseFix(f *testing.F) {
	f.Add("51.5,-0.1,12")
	f.Add("0x1p-2,1_0,")
	f.Fuzz(func(t *testing.T, s string) {
		fix, err := chat.ParseFix(s)
		if err != nil {
			return
		}
		if fix.Latitude < -90 || fix.Latitude > 90 || fix.Longitude < -180 || fix.Longitude > 180 || !strings.HasPrefix(fix.URI(), "geo:") {
			t.Fatalf("%q is a place", s)
		}
	})
}

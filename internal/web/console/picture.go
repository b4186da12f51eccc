package console

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"candour/policy"
)

// Measures of the picture, in its own units.
const (
	boxWidth   = 196
	margin     = 12  // at both sides
	boxGap     = 14  // between boxes above each other
	columnGap  = 48  // between columns
	lineHeight = 18  // of words
	boxPadding = 11  // above and below the words
	headHeight = 34  // above the boxes
	lineLength = 24  // characters of a line of words that fit into a box
	baseline   = 13  // of the first line of words below the padding
	nobody     = "." // the box of what goes to nobody outside
)

// columns are the parts of a flow, in order.
var columns = []string{"Collected on", "Data", "Used for", "Goes to", "Kept"}

// drawing is a picture while it is made.
type drawing struct {
	boxes [5][]drawn
	known map[link]bool
	links []link
}

type drawn struct{ id, words, class string }

// link leads from a box of one column to a box of another.
type link struct {
	column, to int
	from, into string
}

// picture draws flows as columns of boxes, each thing once, with a line for
// each step that a flow takes.
func picture(p *policy.Policy, title string, flows []*flow) *Picture {
	d := drawing{known: map[link]bool{}}
	for _, f := range flows {
		d.flow(p, f)
	}
	out := d.lay()
	out.Title = "The way of the data: " + title
	out.Description = fmt.Sprintf("%d surfaces, %d kinds of data, %d purposes, %d recipients and %d times of keeping, joined by lines. The table below says the same.",
		len(d.boxes[0]), len(d.boxes[1]), len(d.boxes[2]), len(d.boxes[3]), len(d.boxes[4]))
	return out
}

func (d *drawing) flow(p *policy.Policy, f *flow) {
	surfaces := slices.Clone(f.surfaces)
	for _, s := range sorted(f.from) {
		if s != "" && !slices.Contains(surfaces, s) {
			surfaces = append(surfaces, s)
		}
	}
	recipients := f.recipients
	if len(recipients) == 0 {
		recipients = []string{nobody}
	}
	class := ""
	if f.differs(p) {
		class = "different"
	} else if f.held == 0 {
		class = "empty"
	}
	for _, s := range surfaces {
		d.box(0, s, surfaceTitle(p, s), "")
		d.link(0, 1, s, f.category)
	}
	d.box(1, f.category, categoryTitle(p, f.category), class)
	d.box(2, f.purpose, purposeTitle(p, f.purpose), "")
	d.link(1, 2, f.category, f.purpose)
	kept, words := f.retention, retentionTitle(p, f.retention)
	if !f.declared {
		kept, words = "-", "as was declared"
	}
	d.box(4, kept, upper(words), "")
	for _, id := range recipients {
		name, quiet := "Nobody outside", "empty"
		if r, ok := p.RecipientByID(id); ok {
			name, quiet = r.Name, ""
		}
		d.box(3, id, name, quiet)
		d.link(2, 3, f.purpose, id)
	}
	d.link(2, 4, f.purpose, kept)
}

func (d *drawing) box(column int, id, words, class string) {
	for i := range d.boxes[column] {
		if b := &d.boxes[column][i]; b.id == id {
			if class == "different" || b.class == "empty" {
				b.class = class // what holds something is not empty
			}
			return
		}
	}
	d.boxes[column] = append(d.boxes[column], drawn{id, words, class})
}

func (d *drawing) link(column, to int, from, into string) {
	if k := (link{column, to, from, into}); !d.known[k] {
		d.known[k] = true
		d.links = append(d.links, k)
	}
}

// lay gives everything its place: columns side by side, each centred.
func (d *drawing) lay() *Picture {
	out := &Picture{Width: len(columns)*(boxWidth+columnGap) - columnGap + 2*margin}
	heights := make([]int, len(columns))
	for c := range columns {
		for _, b := range d.boxes[c] {
			heights[c] += boxHeight(b.words) + boxGap
		}
		out.Height = max(out.Height, heights[c])
	}
	out.Height += headHeight
	at := [5]map[string]Box{}
	for c, head := range columns {
		x, y := margin+c*(boxWidth+columnGap), headHeight+(out.Height-headHeight-heights[c])/2
		at[c] = map[string]Box{}
		out.Heads = append(out.Heads, Label{x, baseline, head})
		for _, b := range d.boxes[c] {
			box := Box{X: x, Y: y, Width: boxWidth, Height: boxHeight(b.words), Class: strings.TrimSpace("box " + b.class)}
			for i, line := range wrap(b.words) {
				box.Words = append(box.Words, Label{x + boxPadding, y + boxPadding + baseline + i*lineHeight, line})
			}
			out.Boxes = append(out.Boxes, box)
			at[c][b.id] = box
			y += box.Height + boxGap
		}
	}
	for _, k := range d.links {
		from, into := at[k.column][k.from], at[k.to][k.into]
		l := Line{X1: from.X + boxWidth, Y1: from.Y + from.Height/2, X2: into.X, Y2: into.Y + into.Height/2, Class: "line"}
		l.Bend1, l.Bend2 = l.X1+columnGap/2, l.X2-columnGap/2
		if k.to > k.column+1 { // behind the boxes of the column between
			l.Bend1, l.Bend2, l.Class = l.X1+boxWidth, l.X2-boxWidth, "line kept"
		}
		out.Lines = append(out.Lines, l)
	}
	return out
}

func boxHeight(words string) int { return len(wrap(words))*lineHeight + 2*boxPadding }

// wrap breaks words into lines that fit into a box.
func wrap(words string) []string {
	lines := []string{""}
	for _, w := range strings.Fields(words) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = w
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(w) <= lineLength:
			*last += " " + w
		default:
			lines = append(lines, w)
		}
	}
	return lines
}

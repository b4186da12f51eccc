package notice

// Document is rendered prose: a notice or a page. It is immutable.
type Document struct {
	Contents []ContentsEntry // headings of the second level, in order
	Body     HTML
}

// ContentsEntry is one line of a table of contents.
type ContentsEntry struct {
	Number int // 0 for none
	Title  string
	Anchor string
}

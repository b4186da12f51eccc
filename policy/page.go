package policy

import (
	"strings"
)

// Page is one page of the website that the operator writes as Markdown.
type Page struct {
	File        string
	Title       string
	Description string
	Path        string
	Nav         int    // place in the header's navigation; 0 for none
	Footer      int    // place in the footer; 0 for none
	Layout      string // plain, home or products
	Hero        Hero
	Blocks      []Block
	Body        *Prose
}

// frontMatter is the YAML between the two lines --- at the head of a page.
type frontMatter struct {
	Title       string  `yaml:"title" is:"required"`
	Description string  `yaml:"description" is:"required"`
	Path        string  `yaml:"path" is:"required,path"`
	Nav         int     `yaml:"nav"`
	Footer      int     `yaml:"footer"`
	Layout      string  `yaml:"layout" is:"one-of=plain|home|products"`
	Hero        Hero    `yaml:"hero"`
	Blocks      []Block `yaml:"blocks"`
}

// Hero is the head of a page: its first words, what to do next, and a drawing.
type Hero struct {
	Title   string   `yaml:"title" is:"required"`
	Text    string   `yaml:"text"`
	Actions []Action `yaml:"actions"`
	Image   string   `yaml:"image" is:"file"`
}

// Action is a link that looks like a button.
type Action struct {
	Label string `yaml:"label" is:"required"`
	Href  string `yaml:"href" is:"required,link"`
	Kind  string `yaml:"kind" is:"one-of=primary|secondary"`
}

// Block is a section of a page that is laid out rather than written.
type Block struct {
	Kind  string      `yaml:"kind" is:"required,one-of=features|steps|quote|band|products|faq"`
	Title string      `yaml:"title"`
	Text  string      `yaml:"text"`
	Items []BlockItem `yaml:"items"`
}

// BlockItem is one card, step, answer or product of a block.
type BlockItem struct {
	Title string `yaml:"title"`
	Text  string `yaml:"text"`
	Image string `yaml:"image" is:"file"`
	Href  string `yaml:"href" is:"link"`
	Label string `yaml:"label"`
	Price string `yaml:"price"`
}

// page splits a file into front matter and body. The front matter keeps the
// lines of the file, so faults in it point at the file itself.
func (p *Profile) page(name string, data []byte) (*Page, Faults) {
	page := &Page{File: name, Layout: "plain", Body: &Prose{File: name, Line: 1}}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	if !strings.HasPrefix(text, "---\n") {
		return page, Faults{Position{name, 1, 1}.Fault("the page has no front matter", "begin the file with a line ---, then title, description and path, then another line ---")}
	}
	head, body, closed := strings.Cut(text[len("---\n"):], "\n---\n")
	if !closed {
		head, closed = strings.CutSuffix(text[len("---\n"):], "\n---")
	}
	if !closed {
		return page, Faults{Position{name, 1, 1}.Fault("the front matter is not closed", "put a line --- after it")}
	}
	var m frontMatter
	// The blank first line stands for the opening ---.
	faults := p.yaml(name, []byte("\n"+head+"\n"), &m)
	page.Title, page.Description, page.Path = m.Title, m.Description, m.Path
	page.Nav, page.Footer, page.Hero, page.Blocks = m.Nav, m.Footer, m.Hero, m.Blocks
	if m.Layout != "" {
		page.Layout = m.Layout
	}
	prose, found := ParseProse(name, body, strings.Count(head, "\n")+4)
	page.Body = prose
	return page, append(faults, found...)
}

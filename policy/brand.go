package policy

// Brand is the operator's look: design tokens and pictures.
type Brand struct {
	Name    string `yaml:"name" is:"required"`
	Tagline string `yaml:"tagline"`
	Tokens  Tokens `yaml:"tokens" is:"required"`
	Radius  string `yaml:"radius" is:"length"` // of corners, a CSS length
	Font    Fonts  `yaml:"font"`
	Logo    string `yaml:"logo" is:"file"`
	Favicon string `yaml:"favicon" is:"file"`
}

// Tokens are the colours of both schemes.
type Tokens struct {
	Light Palette `yaml:"light" is:"required"`
	Dark  Palette `yaml:"dark" is:"required"`
}

// Fonts are the families of headings and of text.
type Fonts struct {
	Display string `yaml:"display" is:"font"`
	Text    string `yaml:"text" is:"font"`
}

// Palette is one scheme's colours as CSS colours. The decoder lets nothing but
// a colour through, so they may be written into a style sheet.
type Palette struct {
	Brand         string `yaml:"brand" is:"required,colour"`
	BrandStrong   string `yaml:"brand-strong" is:"required,colour"`
	OnBrand       string `yaml:"on-brand" is:"required,colour"`
	Accent        string `yaml:"accent" is:"required,colour"`
	Ink           string `yaml:"ink" is:"required,colour"`
	InkSoft       string `yaml:"ink-soft" is:"required,colour"`
	Surface       string `yaml:"surface" is:"required,colour"`
	SurfaceRaised string `yaml:"surface-raised" is:"required,colour"`
	Line          string `yaml:"line" is:"required,colour"`
	Focus         string `yaml:"focus" is:"required,colour"`
	Success       string `yaml:"success" is:"required,colour"`
	Warning       string `yaml:"warning" is:"required,colour"`
	Danger        string `yaml:"danger" is:"required,colour"`
}

// Token is one colour by its name.
type Token struct{ Name, Value string }

// Tokens returns the colours by their names, always in the same order.
func (p Palette) Tokens() []Token {
	return []Token{
		{"brand", p.Brand}, {"brand-strong", p.BrandStrong}, {"on-brand", p.OnBrand}, {"accent", p.Accent},
		{"ink", p.Ink}, {"ink-soft", p.InkSoft}, {"surface", p.Surface}, {"surface-raised", p.SurfaceRaised},
		{"line", p.Line}, {"focus", p.Focus}, {"success", p.Success}, {"warning", p.Warning}, {"danger", p.Danger},
	}
}

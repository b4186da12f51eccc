package firstpage

import "candour/internal/web"

// SurfaceFirst is the page "surface_first": what a surface that is not open
// yet will be, from its declaration.
type SurfaceFirst struct {
	web.Base
	Heading     string
	Words       []string // paragraphs
	Categories  []string // titles of what it may collect once it is open
	Permissions []Permission
	Cookies     []string // names it may set once it is open
}

// Permission is a device permission the surface may ask for.
type Permission struct {
	Title, Meaning, Reason, Without string
	Optional                        bool
}

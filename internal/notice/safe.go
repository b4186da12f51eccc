package notice

import "html/template"

// HTML is text that is HTML already. This is the one file of the program that
// may say so; every value of this type was rendered by Render or RenderPage,
// which escape all that does not come from their own tables.
type HTML = template.HTML

func trusted(b []byte) HTML { return HTML(b) }

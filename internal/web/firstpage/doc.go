// Package firstpage is what a surface answers until it opens: the truth about
// what will be there.
package firstpage

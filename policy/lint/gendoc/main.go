// Command gendoc writes the page about the rules from the rules themselves and
// their examples. It is run in policy/lint.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"candour/policy/lint"
	"candour/policy/lint/page"
)

func main() {
	out := flag.String("o", "", "the file to write")
	flag.Parse()
	var b bytes.Buffer
	err := page.Write(&b, os.DirFS("."), lint.Rules())
	if err == nil {
		err = os.WriteFile(*out, b.Bytes(), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gendoc:", err)
		os.Exit(1)
	}
}

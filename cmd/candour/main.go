// Candour runs a communications provider's public sites under one declared
// policy, and keeps and proves the promises of that policy.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"candour/operators"
)

// commandLine is every command; each is in the file of its name.
type commandLine struct {
	Run     RunCmd     `cmd:"" help:"Serve the sites of an operator."`
	Policy  PolicyCmd  `cmd:"" help:"Check, test, compare, publish and export a policy."`
	Verify  VerifyCmd  `cmd:"" help:"Verify the evidence of a data folder or of a running site."`
	Check   CheckCmd   `cmd:"" help:"Check that what the vault of a data folder keeps fits together."`
	Audit   AuditCmd   `cmd:"" help:"Compare what a browser sees of a site with what its policy declares."`
	Account AccountCmd `cmd:"" help:"Manage accounts."`
	Line    LineCmd    `cmd:"" help:"Manage telephone lines."`
	Sip     SipCmd     `cmd:"" help:"Look at the phones of a running server."`
	Backup  BackupCmd  `cmd:"" help:"Write a backup: the data, and apart from it the keys."`
	Restore RestoreCmd `cmd:"" help:"Restore a backup into an empty data folder."`
	Keys    KeysCmd    `cmd:"" help:"Manage keys."`
	Export  ExportCmd  `cmd:"" help:"Write a copy of everything held about a person."`
	Erase   EraseCmd   `cmd:"" help:"Erase what is held about a person, save what a law keeps."`
	Version VersionCmd `cmd:"" help:"Print the version of this program."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out one command and returns its exit code: 0 for done, 1 for a
// finding or a failure, 2 for a command line that cannot be understood.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	var cli commandLine
	ended := false
	parser, err := kong.New(&cli,
		kong.Name("candour"),
		kong.Description("One declared policy runs a provider's sites, from the file to the proof."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { ended, code = true, c }),
		kong.Configuration(loadConfig),
		kong.UsageOnError(),
		kong.Vars{"operator": operators.Default, "operators": strings.Join(operators.IDs(), ", ")},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "candour:", err)
		return 2
	}
	cmd, err := parser.Parse(args)
	if ended { // --help
		return code
	}
	if err != nil {
		fmt.Fprintln(stderr, "candour:", err)
		return 2
	}
	err = cmd.Run()
	var found exitCode
	switch {
	case errors.As(err, &found):
		return int(found)
	case err != nil:
		fmt.Fprintln(stderr, "candour:", err)
		return 1
	}
	return 0
}

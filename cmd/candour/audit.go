package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"candour/internal/audit"
	"candour/internal/folder"
	"candour/operators"
	"candour/policy"
)

// AuditCmd opens a running site in Chromium, as a visitor and signed in, and
// compares what it sees with what the policy declares.
type AuditCmd struct {
	URL       string   `arg:"" name:"url" help:"Address of one of the operator's surfaces, such as http://example.localhost:8080. The others are looked for at the same port."`
	Policy    string   `help:"The operator's folder, or the policy.yaml in it. Without it, the built-in operator whose domain the address is under." type:"path" placeholder:"PATH"`
	Out       string   `help:"Folder for report.html and report.json. Without it and --data: candour-audit." type:"path" placeholder:"DIR"`
	Data      string   `help:"Data folder of the program that serves the sites: the report is left there for its staff to see in the console, and --as signs in through it." type:"path" placeholder:"DIR"`
	As        []string `help:"Roles to look as, separated by commas: visitor (the default), all, or those that sign in. Needs --data: the server that has the folder makes up somebody of each role, and erases them when the audit ends." placeholder:"ROLE"`
	Pages     []string `help:"Paths or addresses to open besides those that links lead to, separated by commas." placeholder:"PATH"`
	MaxPages  int      `help:"Pages to open at most for each visitor." default:"150"`
	Chromium  string   `help:"Path of the browser." placeholder:"PATH" env:"CANDOUR_CHROMIUM"`
	NoSandbox bool     `help:"Run the browser without its sandbox, where the machine has none. As root it is always so."`
	JSON      bool     `help:"Print the report as JSON instead of a summary."`
}

// Run prints one line for each difference. Its exit code is 0 if there is none,
// 1 if there is one or if the site could not be audited.
func (c *AuditCmd) Run(ctx context.Context, out io.Writer) error {
	folders, err := c.folders()
	if err != nil {
		return err
	}
	profile, err := c.profile(out)
	if err != nil {
		return err
	}
	o := audit.Options{
		URL: c.URL, Profile: profile, Pages: c.Pages, MaxPages: c.MaxPages, Chromium: c.Chromium, NoSandbox: c.NoSandbox,
	}
	if o.As, o.NoVisitor, err = c.lookAs(profile.Policy); err != nil {
		return err
	}
	report, err := audit.Run(ctx, o)
	if ctx.Err() != nil {
		return errors.Join(errors.New("the audit was called off before its end, and no report was written"), notErased(err))
	}
	if err != nil {
		return err
	}
	for _, dir := range folders {
		if err := writeReport(dir, report); err != nil {
			return err
		}
	}
	if c.JSON {
		err = report.WriteJSON(out)
	} else if err = report.WriteSummary(out); err == nil {
		_, err = fmt.Fprintf(out, "report: %s\n", filepath.Join(folders[0], audit.HTMLFile))
	}
	if err == nil && len(report.Differences) > 0 {
		err = exitCode(1)
	}
	return err
}

// profile is what the site is compared with. Faults of form in it are printed:
// a declaration that cannot be read can be compared with nothing.
func (c *AuditCmd) profile(out io.Writer) (*policy.Profile, error) {
	if c.Policy == "" {
		return audit.Find(c.URL, operators.IDs(), operators.FS)
	}
	folder := c.Policy
	if filepath.Base(folder) == policy.PolicyFile {
		folder = filepath.Dir(folder)
	}
	p, faults := policy.Load(os.DirFS(folder))
	for _, f := range faults {
		fmt.Fprintln(out, f)
	}
	if len(faults) > 0 {
		return nil, exitCode(1)
	}
	return p, nil
}

// folders are where the report goes. A data folder must be there already, so
// that a misspelt path does not make one.
func (c *AuditCmd) folders() (list []string, err error) {
	if c.Out != "" {
		list = append(list, c.Out)
	}
	if c.Data != "" {
		f := folder.Folder(c.Data)
		if info, err := os.Stat(f.Keys()); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s is not a data folder of candour; give the one that `candour run` uses with --data", c.Data)
		}
		list = append(list, f.Audit())
	}
	if list == nil {
		list = []string{"candour-audit"}
	}
	return list, nil
}

func writeReport(dir string, report *audit.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the report cannot be written: %w; give another folder with --out", err)
	}
	for name, write := range map[string]func(io.Writer) error{audit.HTMLFile: report.WriteHTML, audit.JSONFile: report.WriteJSON} {
		if err := writeWhole(filepath.Join(dir, name), write); err != nil {
			return fmt.Errorf("the report cannot be written: %w; give another folder with --out", err)
		}
	}
	return nil
}

// writeWhole writes a file beside the one it replaces, so that a reader never
// meets half a report.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".report-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	err = write(f)
	if e := f.Chmod(0o644); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"candour/internal/telecom"
	"candour/policy"
	"candour/policy/export"
	"candour/policy/lint"
)

// exitCode ends the program with this code and without a message: what there
// was to say has been printed.
type exitCode int

// Error implements error.
func (c exitCode) Error() string { return "exit code " + strconv.Itoa(int(c)) }

// PolicyCmd groups the commands on an operator's folder.
type PolicyCmd struct {
	Check   PolicyCheckCmd   `cmd:"" help:"Tell everything that is wrong with an operator's folder."`
	Test    PolicyTestCmd    `cmd:"" help:"Run the cases of policy_test.yaml."`
	Diff    PolicyDiffCmd    `cmd:"" help:"Say what changed in meaning between two folders."`
	Export  PolicyExportCmd  `cmd:"" help:"Write the record of processing, linked data or JSON."`
	Schema  PolicySchemaCmd  `cmd:"" help:"Print the JSON Schema of policy.yaml for editors."`
	Publish PolicyPublishCmd `cmd:"" help:"Store a version of the policy for ever, in force from a day."`
}

// examined loads a folder and finds everything that is wrong with it, its tariff
// included.
func examined(fsys fs.FS) (*policy.Profile, policy.Faults) {
	p, faults := policy.Load(fsys)
	faults = append(faults, lint.Run(p)...)
	if p.Readable() {
		_, wrong := telecom.LoadTariff(p)
		faults = append(faults, wrong...)
	}
	return p, faults.Sort()
}

// checked loads a folder and prints its faults; it fails with exit code 1 when
// there are any.
func checked(out io.Writer, path string) (*policy.Profile, error) {
	p, faults := examined(os.DirFS(path))
	for _, f := range faults {
		fmt.Fprintln(out, f)
	}
	if len(faults) > 0 {
		return nil, exitCode(1)
	}
	return p, nil
}

// PolicyCheckCmd prints every fault, one a line.
type PolicyCheckCmd struct {
	Path string `arg:"" help:"The operator's folder."`
	JSON bool   `help:"Print the faults as JSON."`
}

// Run carries out the command.
func (c *PolicyCheckCmd) Run(out io.Writer) error {
	if c.JSON {
		_, faults := examined(os.DirFS(c.Path))
		faults = append(policy.Faults{}, faults...)
		if err := writeJSON(out, faults); err != nil {
			return err
		}
		if len(faults) > 0 {
			return exitCode(1)
		}
		return nil
	}
	p, err := checked(out, c.Path)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: version %d of %s: nothing wrong\n", c.Path, p.Policy.Version, p.Policy.Operator.Name)
	return nil
}

// PolicyTestCmd runs the policy's own cases.
type PolicyTestCmd struct {
	Path string `arg:"" help:"The operator's folder."`
}

// Run carries out the command.
func (c *PolicyTestCmd) Run(out io.Writer) error {
	p, err := checked(out, c.Path)
	if err != nil {
		return err
	}
	failed := 0
	for _, o := range p.RunCases() {
		if !o.Passed {
			failed++
			fmt.Fprintln(out, o.Fault(fmt.Sprintf("the case %q is %s", o.Case.Name, o.Got), "it expects "+o.Case.Expect))
		}
	}
	if len(p.Cases) == 0 {
		fmt.Fprintf(out, "%s:1:1: there are no cases; write some: who may use what for which purpose\n", policy.CasesFile)
		return exitCode(1)
	}
	fmt.Fprintf(out, "%d of %d cases hold\n", len(p.Cases)-failed, len(p.Cases))
	if failed > 0 {
		return exitCode(1)
	}
	return nil
}

// PolicyDiffCmd says what changed in meaning.
type PolicyDiffCmd struct {
	Old  string `arg:"" help:"The operator's folder as it was."`
	New  string `arg:"" help:"The operator's folder as it is to be."`
	JSON bool   `help:"Print the changes as JSON."`
}

// Run carries out the command.
func (c *PolicyDiffCmd) Run(out io.Writer) error {
	a, err := checked(out, c.Old)
	if err != nil {
		return err
	}
	b, err := checked(out, c.New)
	if err != nil {
		return err
	}
	changes := policy.Diff(a.Policy, b.Policy)
	if c.JSON {
		return writeJSON(out, struct {
			Changes   []policy.Change `json:"changes"`
			Tell      bool            `json:"tell"`
			AskGroups []string        `json:"ask_groups"`
		}{append([]policy.Change{}, changes...), policy.MustTell(changes), append([]string{}, policy.AskAgain(changes)...)})
	}
	return policy.WriteChanges(out, changes)
}

// PolicyExportCmd writes the policy in another form.
type PolicyExportCmd struct {
	Path   string `arg:"" help:"The operator's folder."`
	Format string `required:"" enum:"ropa-csv,ropa-html,dpv-jsonld,json" help:"One of ${enum}."`
}

// Run carries out the command.
func (c *PolicyExportCmd) Run(out io.Writer) error {
	p, err := checked(out, c.Path)
	if err != nil {
		return err
	}
	return export.Write(out, c.Format, p.Policy)
}

// PolicySchemaCmd prints the JSON Schema of policy.yaml.
type PolicySchemaCmd struct{}

// Run carries out the command.
func (PolicySchemaCmd) Run(out io.Writer) error {
	schema, err := policy.Schema()
	if err != nil {
		return err
	}
	return writeJSON(out, schema)
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

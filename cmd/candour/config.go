package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// config is a configuration file: the flags of `candour run`, without their
// dashes, as keys. Precedence is file < environment < flag. Kong by itself
// would let the file beat the environment and pass over unknown keys.
type config map[string]any

func loadConfig(r io.Reader) (kong.Resolver, error) {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, err
	}
	c := config{}
	if err := yaml.NewDecoder(bytes.NewReader(b)).Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the configuration file cannot be read: %w; write one `flag: value` a line", err)
	}
	return c, nil
}

// Validate refuses keys that are no flag.
func (c config) Validate(app *kong.Application) error {
	var known []string
	for _, cmd := range app.Leaves(false) {
		if cmd.Name != "run" {
			continue
		}
		for _, f := range cmd.Flags {
			known = append(known, f.Name)
		}
	}
	for key := range c {
		if !slices.Contains(known, key) {
			slices.Sort(known)
			return fmt.Errorf("the configuration file has the unknown key %q; the keys are %s", key, strings.Join(known, ", "))
		}
	}
	return nil
}

// Resolve returns the file's value for a flag, or nothing where the
// environment has one.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	v, ok := c[flag.Name]
	if !ok {
		return nil, nil
	}
	return v, nil
}

package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoTool says that PostgreSQL's own program is not installed.
var ErrNoTool = errors.New("backup: PostgreSQL's program is not installed")

// tool finds a program of PostgreSQL: Debian keeps the newest outside the
// path, behind a wrapper.
func tool(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: %s; install postgresql-client of the server's version", ErrNoTool, name)
	}
	return path, nil
}

// runTool runs a program on a database. The password goes by the environment:
// arguments are seen by every user of the machine.
func runTool(ctx context.Context, name, address string, args ...string) error {
	path, err := tool(name)
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("backup: the PostgreSQL address cannot be read")
	}
	env := os.Environ()
	if password, ok := u.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"--dbname=" + u.String()}, args...)...)
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("backup: %s: %w: %s", name, err, firstLine(stderr.String()))
	}
	return nil
}

// firstLine of what a tool says: the rest may quote rows.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func dumpPostgres(ctx context.Context, address, path string) error {
	args := []string{"--format=custom", "--no-owner", "--no-privileges", "--file=" + path}
	var tables []string
	for t := range inRing {
		tables = append(tables, t)
	}
	slices.Sort(tables)
	for _, t := range tables {
		args = append(args, "--exclude-table-data=public."+t)
	}
	if err := runTool(ctx, "pg_dump", address, args...); err != nil {
		return err
	}
	return os.Chmod(path, 0o600)
}

func loadPostgres(ctx context.Context, address, path string) error {
	return runTool(ctx, "pg_restore", address, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", path)
}

package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"candour/internal/folder"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// program is the program itself in a process of its own, under another name of
// this test's binary.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Another user must be able to run it.
	dir, err := os.MkdirTemp("", "candour-program-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(dir+"/candour", binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	return exec.Command(dir+"/candour", args...)
}

// nobody has a command run as a user without rights. A user without rights
// stays who they are.
func nobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

// filled returns a data folder with something in it, that other users may
// reach.
func filled(t *testing.T) folder.Folder {
	t.Helper()
	dir, err := os.MkdirTemp("", "candour-filled-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f := folder.Folder(dir + "/data")
	r, err := startRig(f, "", RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.browser(1).write("/contact", aContact("kept")), r.stop()); err != nil {
		t.Fatal(err)
	}
	return f
}

// A folder that this user may not write, or not even read, is refused with
// the cure, and nothing in it changes.
func TestReadOnlyFolder(t *testing.T) {
	f := filled(t)
	for _, c := range []struct {
		name  string
		modes map[string]os.FileMode
		want  string
	}{
		{"private to another user", nil, "change its owner to the user that runs candour"},
		{"may be read", map[string]os.FileMode{"": 0o755, "lock": 0o644}, "change its owner to the user that runs candour"},
		{"but for the lock", map[string]os.FileMode{"": 0o755, "lock": 0o666}, "check the owner and mode of the data folder"},
	} {
		for name, mode := range c.modes {
			if err := os.Chmod(filepath.Join(string(f), name), mode); err != nil {
				t.Fatal(err)
			}
		}
		if os.Geteuid() != 0 && c.modes != nil {
			continue // the owner of a folder cannot be kept out by its modes alone
		}
		cmd := program(t, "run", "--data", string(f), "--listen", "127.0.0.1:0")
		nobody(t, cmd)
		if os.Geteuid() != 0 {
			if err := os.Chmod(string(f), 0o500); err != nil {
				t.Fatal(err)
			}
		}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), c.want) || strings.Contains(string(out), "\nready") {
			t.Errorf("%s: %v, want exit code 1 and %q\n%s", c.name, err, c.want, out)
		}
	}
	if err := errors.Join(os.Chmod(string(f), 0o700), os.Chmod(string(f)+"/lock", 0o600)); err != nil {
		t.Fatal(err)
	}
	starts(t, f)
}

// starts checks that a folder opens, is whole, and has its person's letter.
func starts(t *testing.T, f folder.Folder) {
	t.Helper()
	r, err := startRig(f, "", RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	x := &tester{T: t}
	if kept := x.everyone(r); !strings.Contains(kept, "my kept letter") {
		t.Error("what was kept does not open")
	}
	if err := errors.Join(r.app.vault.Check(context.Background()), r.stop()); err != nil {
		t.Error(err)
	}
	verified(t, f)
}

func verified(t *testing.T, f folder.Folder) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"verify", string(f)}, &out, &errs); code != 0 {
		t.Errorf("verify: exit code %d\n%s%s", code, &out, &errs)
	}
}

// A disk that fills up is told in words; nothing half-written is left, and the
// same folder starts when there is room again.
func TestFullDisk(t *testing.T) {
	f := filled(t)
	size := int64(0)
	if info, err := os.Stat(f.Database()); err != nil {
		t.Fatal(err)
	} else {
		size = info.Size()
	}
	for _, room := range []int64{0, 1 << 10, size + 16<<10, 4 * size} {
		cmd := program(t, "run", "--data", string(f), "--listen", "127.0.0.1:0")
		// A limit of file sizes stands for the disk: writes beyond it fail.
		// Of what is more room than it needs, the server runs and is ended.
		cmd.Args = append([]string{"prlimit", "--fsize=" + strconv.FormatInt(room, 10), cmd.Path}, cmd.Args[1:]...)
		path, err := exec.LookPath("prlimit")
		if err != nil {
			t.Fatal("prlimit is missing; install Debian's util-linux")
		}
		cmd.Path = path
		var errs bytes.Buffer
		out := &lines{ready: make(chan struct{})}
		cmd.Stdout, cmd.Stderr = out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-out.ready:
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			<-ended
		case err := <-ended:
			said := errs.String()
			if err == nil || !strings.Contains(said, "candour: ") || !strings.Contains(said, "free space on") || strings.Contains(said, "goroutine ") {
				t.Errorf("room for %d bytes: %v\n%.2000s", room, err, said)
			}
		}
		starts(t, f)
	}
}

// SIGTERM lets a request that is under way finish, and ends with exit code 0.
func TestTermFinishesRequests(t *testing.T) {
	cmd := program(t, "run", "--data", t.TempDir()+"/data", "--listen", "127.0.0.1:0", "--demo")
	out := &lines{ready: make(chan struct{})}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-out.ready:
	case err := <-ended:
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(out.text.String(), "invoco.localhost:")
	port, _, _ = strings.Cut(port, "/")
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A form of which the last bytes come after the signal. The server has it
	// in hand when it asks for the body (RFC 9110 section 10.1.1).
	body := "choice=nonsense"
	head := "POST /consent HTTP/1.1\r\nHost: invoco.localhost:" + port + "\r\nContent-Type: " + urlencoded + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\nExpect: 100-continue\r\n\r\n"
	if _, err := conn.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	if n, err := conn.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 100") {
		t.Fatalf("%v %s", err, answer[:n])
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// It has begun to end when it takes no new connections.
	for {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err != nil {
			break
		}
		_ = c.Close() // it was still open
	}
	if _, err := conn.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 4") {
		t.Errorf("the request under way got %q, %v", answer[:n], err)
	}
	if err := <-ended; err != nil {
		t.Errorf("SIGTERM: %v, want exit code 0", err)
	}
}

// The whole on PostgreSQL by --database: forms, verification, a start that
// does not repeat the address, a second server on the same database refused.
func TestPostgres(t *testing.T) {
	f, address := folder.Folder(t.TempDir()+"/data"), storetest.Target(t, store.PostgreSQL)
	r, err := startRig(f, address, RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	b := r.browser(1)
	if err := errors.Join(b.accept(), b.write("/contact", aContact("kept")), b.write("/newsletter", map[string]string{"email": "reader@example.com"}), r.settle()); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	other := t.TempDir() + "/other"
	if code := run(context.Background(), []string{"run", "--data", other, "--listen", "127.0.0.1:0", "--database", address}, &out, &errs); code != 1 {
		t.Errorf("a second server on the database: exit code %d", code)
	}
	verified(t, f)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Database()); err == nil {
		t.Error("there is a SQLite database beside PostgreSQL's")
	}
	info, err := os.Stat(filepath.Join(string(f), "database"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the address with its password: mode %v %v, want 0600", info.Mode(), err)
	}
	starts(t, f) // without the address
}

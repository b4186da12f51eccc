package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"candour/internal/store/storetest"
)

// The test binary is the program itself when a script calls it, so that the
// scripts drive what is shipped.
func TestMain(m *testing.M) {
	testscript.Main(withStores{m}, map[string]func(){"candour": main})
}

// withStores ends the PostgreSQL server that tests may have started.
type withStores struct{ m *testing.M }

func (w withStores) Run() int { return storetest.Main(w.m) }

func TestScripts(t *testing.T) {
	servers := &servers{}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			wd, err := os.Getwd()
			if err != nil {
				return err
			}
			env.Setenv("OPERATORS", wd+"/../../operators")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"port":    port,
			"edit":    edit,
			"serve":   servers.serve,
			"halt":    servers.halt,
			"get":     get,
			"copyall": copyAll,
			"accept":  accept,
			"fill":    fill,
			"flip":    flip,
			"sql":     runSQL,
			"newest":  func(ts *testscript.TestScript, _ bool, args []string) { pick(ts, args, true) },
			"oldest":  func(ts *testscript.TestScript, _ bool, args []string) { pick(ts, args, false) },
		},
	})
}

// port NAME puts a free port of loopback into the environment. It is below
// those that the system gives to whoever asks for any, so that nobody takes it
// between two servers of a script.
func port(ts *testscript.TestScript, _ bool, args []string) {
	for {
		n := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		ts.Check(err)
		ts.Setenv(args[0], fmt.Sprint(n))
		ts.Check(l.Close())
		return
	}
}

// edit FILE REGEXP TEXT replaces the first match; it fails without one.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	old, err := os.ReadFile(path)
	ts.Check(err)
	at := regexp.MustCompile("(?m)" + args[1]).FindIndex(old)
	if at == nil {
		ts.Fatalf("%s: nothing matches %s", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.Join([][]byte{old[:at[0]], []byte(args[2]), old[at[1]:]}, nil), 0o600))
}

// copyall FROM TO copies a folder's files into another, for their owner alone.
func copyAll(ts *testscript.TestScript, _ bool, args []string) {
	to := ts.MkAbs(args[1])
	ts.Check(os.CopyFS(to, os.DirFS(ts.MkAbs(args[0]))))
	ts.Check(filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	}))
}

// servers are the running programs of all scripts, by script and name.
type servers struct {
	mu  sync.Mutex
	all map[string]*server
}

type server struct {
	end  func()
	done chan struct{} // closed when it has ended
	code int           // once it has
	out  *lines
}

// lines collects what a server prints and tells when it is ready.
type lines struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
	once  sync.Once
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if strings.Contains("\n"+l.text.String(), "\nready\n") {
		l.once.Do(func() { close(l.ready) })
	}
	return len(p), nil
}

// serve NAME ARGS... starts `candour run` and waits until it is ready.
func (s *servers) serve(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	out := &lines{ready: make(chan struct{})}
	srv := &server{end: cancel, done: make(chan struct{}), out: out}
	argv := append([]string{"run"}, args[1:]...)
	for i, a := range argv {
		if i > 0 && (argv[i-1] == "--data" || argv[i-1] == "--config" || argv[i-1] == "--operator" && strings.Contains(a, "/")) {
			argv[i] = ts.MkAbs(a)
		}
	}
	go func() {
		defer close(srv.done)
		srv.code = run(ctx, argv, out, io.Discard)
	}()
	// A script that fails takes its folder away: not under a running server.
	ts.Defer(func() {
		cancel()
		<-srv.done
	})
	select {
	case <-out.ready:
	case <-srv.done:
		ts.Fatalf("the server ended with %d before it was ready:\n%s", srv.code, out.text.String())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*server{}
	}
	s.all[ts.Name()+args[0]] = srv
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), out.text.Bytes(), 0o600))
}

// halt NAME ends a server and checks that it ended well. (A command named stop
// would be the one of testscript, which ends the script.)
func (s *servers) halt(ts *testscript.TestScript, _ bool, args []string) {
	s.mu.Lock()
	srv := s.all[ts.Name()+args[0]]
	s.mu.Unlock()
	srv.end()
	if <-srv.done; srv.code != 0 {
		ts.Fatalf("the server ended with %d", srv.code)
	}
}

// get HOST PORT PATH STATUS fetches a page of a surface; stdout is not set, the
// body lies in the file `page`, the headers in `headers`.
func get(ts *testscript.TestScript, _ bool, args []string) {
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+args[1]+args[2], nil)
	ts.Check(err)
	req.Host = args[0] + ":" + args[1]
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	var headers bytes.Buffer
	ts.Check(resp.Header.Write(&headers))
	ts.Check(os.WriteFile(ts.MkAbs("page"), body, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("headers"), headers.Bytes(), 0o600))
	if got := fmt.Sprint(resp.StatusCode); got != args[3] {
		ts.Fatalf("%s%s: status %s, want %s\n%s", args[0], args[2], got, args[3], body)
	}
}

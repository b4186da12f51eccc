package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The processors: what is measured has one, the load the other.
const (
	serverCPU = "0"
	loadCPU   = "1"
)

// process is what is measured: all that one command started.
type process struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
}

// start runs a command on the processor of servers.
func start(name string, env []string, args ...string) (*process, error) {
	cmd := exec.Command("taskset", append([]string{"-c", serverCPU}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(work, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	return &process{name, cmd, in}, cmd.Start()
}

func (p *process) stop() {
	_ = p.in.Close() // which ends ours
	if p.name != "ours" {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	}
	gone := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-gone
	}
}

// stats adds a figure over the processes of the group.
func (p *process) stats(of func(dir string) int64) (sum int64) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		fields := stat(dir)
		if len(fields) > 2 && fields[2] == strconv.Itoa(p.cmd.Process.Pid) {
			sum += of(dir)
		}
	}
	return sum
}

// stat are the fields of a process after its name, state first.
func stat(dir string) []string {
	b, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return strings.Fields(rest)
}

// used is the processor time so far, of all threads that are there.
func (p *process) used() time.Duration {
	return time.Duration(p.stats(func(dir string) (sum int64) {
		tasks, _ := filepath.Glob(dir + "/task/[0-9]*/schedstat")
		for _, task := range tasks {
			b, _ := os.ReadFile(task)
			ran, _, _ := strings.Cut(string(b), " ")
			n, _ := strconv.ParseInt(ran, 10, 64)
			sum += n
		}
		return sum
	}))
}

// memory is what is resident, in bytes; no number where the system does not tell.
// Pages that processes share count once for each but as their share.
func (p *process) memory() float64 {
	sum := p.stats(func(dir string) int64 {
		f, err := os.Open(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			return 0
		}
		defer func() { _ = f.Close() }()
		for in := bufio.NewScanner(f); in.Scan(); {
			if f := strings.Fields(in.Text()); len(f) > 1 && f[0] == "Pss:" {
				n, _ := strconv.ParseInt(f[1], 10, 64)
				return n << 10
			}
		}
		return 0
	})
	if sum == 0 {
		return math.NaN()
	}
	return float64(sum)
}

// user is what a phone signs in with.
type user struct{ name, word, extension string }

// server is a SIP server under test.
type server struct {
	*process
	addr    *net.UDPAddr
	domain  string
	users   []user
	control string // of ours: where legs are bridged
}

// startOurs starts the test binary of internal/sip as a server.
func startOurs(binary string, lines int) (*server, error) {
	told := filepath.Join(work, "ours.txt")
	_ = os.Remove(told)
	p, err := start("ours", []string{"CANDOUR_BENCH_SIP=" + told, "CANDOUR_BENCH_LINES=" + strconv.Itoa(lines), "GOMAXPROCS=1"}, append(strings.Fields(binary), "-test.run=^TestServeBench$", "-test.timeout=0")...)
	if err != nil {
		return nil, err
	}
	for range 6000 {
		b, err := os.ReadFile(told)
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		s := &server{process: p}
		var addr string
		all := strings.Split(strings.TrimSpace(string(b)), "\n")
		if _, err := fmt.Sscan(all[0], &addr, &s.control, &s.domain); err != nil {
			return nil, err
		}
		for _, line := range all[1:] {
			f := strings.Fields(line)
			s.users = append(s.users, user{f[0], f[1], f[2]})
		}
		s.addr, err = net.ResolveUDPAddr("udp4", addr)
		return s, err
	}
	p.stop()
	return nil, errors.New("our server did not start; see " + work)
}

// startKamailio starts it as it is fastest: its lock-free allocator, and memory
// of its own for all.
func startKamailio(like *server) (*server, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	addr := c.LocalAddr().(*net.UDPAddr)
	_ = c.Close()
	p, err := start("kamailio", nil, "/usr/sbin/kamailio", "-DD", "-E", "-x", "tlsf", "-X", "tlsf", "-m", "2048", "-M", "64", "-w", work, "-Y", work, "-P", filepath.Join(work, "kamailio.pid"),
		"-l", "udp:"+addr.String(), "-f", "scripts/benchsip/kamailio.cfg", "-A", `DOMAIN="`+like.domain+`"`)
	if err != nil {
		return nil, err
	}
	s := &server{process: p, addr: addr, domain: like.domain}
	for _, u := range like.users {
		s.users = append(s.users, user{u.name, "secret", u.name})
	}
	time.Sleep(2 * time.Second)
	return s, nil
}

package folder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Act is something a command asks of whoever has the folder. It is given the
// command's arguments and returns the answer, both as JSON.
type Act func(ctx context.Context, args json.RawMessage) (any, error)

// Limits of the private socket.
const (
	maxArguments = 1 << 20 // bytes of a command's arguments
	readTimeout  = 10 * time.Second
)

// Serve answers commands on the private socket until stop is called, which
// waits for those that run, until its context ends. The socket has mode 0600:
// whoever may connect to it may also read the folder.
func (f Folder) Serve(acts map[string]Act) (stop func(context.Context) error, err error) {
	// A socket left by a killed process is in the way; whoever has the lock may
	// remove it.
	if err := os.Remove(f.Socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing an old socket: %w", err)
	}
	l, err := net.Listen("unix", f.Socket())
	if err != nil {
		return nil, fmt.Errorf("opening the private socket: %w", err)
	}
	if err := os.Chmod(f.Socket(), 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	for name, act := range acts {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) { answer(w, r, act) })
	}
	srv := &http.Server{Handler: mux, ReadTimeout: readTimeout}
	go func() { _ = srv.Serve(l) }() // ends with Shutdown
	return srv.Shutdown, nil
}

type reply struct {
	Error  string          `json:"error,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

func answer(w http.ResponseWriter, r *http.Request, act Act) {
	var out reply
	args, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxArguments))
	if err == nil {
		var a any
		if a, err = act(r.Context(), args); err == nil {
			out.Answer, err = json.Marshal(a)
		}
	}
	if err != nil {
		out = reply{Error: err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the command sees a broken connection
}

// Served reports whether a process answers commands on the private socket.
func (f Folder) Served() bool {
	c, err := net.DialTimeout("unix", f.Socket(), readTimeout)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// Call has the process that has the folder carry out an act and stores its
// answer in answer.
func (f Folder) Call(ctx context.Context, name string, args, answer any) error {
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", f.Socket())
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://candour/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the server that has the data folder does not answer on its private socket: %w; run this as the same user", err)
	}
	defer resp.Body.Close()
	var out reply
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server that has the data folder does not know %q (HTTP %d); it may be another version of candour", name, resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return fmt.Errorf("the running server's answer cannot be read: %w", err)
	}
	if out.Error != "" {
		return errors.New(out.Error)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(out.Answer, answer)
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Timeouts of the servers. A slow client gets no worker for long (CWE-400).
const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 30 * time.Second
	answerTimeout   = 60 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 15 * time.Second
	maxHeaderBytes  = 32 << 10
)

// listener is one open address and what answers on it.
type listener struct {
	name    string
	address string
	socket  net.Listener
	handler http.Handler
	tls     *tls.Config // nil for plain http
}

func (l listener) server(log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           l.handler,
		TLSConfig:         l.tls,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// The standard library's messages can quote a client's address.
		ErrorLog: slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}
}

// quiet passes on that something happened in the http server, never what the
// client sent or where it is.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, "http: a connection ended with an error", 0))
}

// bind opens an address. Nothing is accepted on it until serve is called.
func bind(name, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for %s: %w; give another address, or end what has this one", name, err)
	}
	return l, nil
}

// serve accepts on every listener, calls ready, and serves until ctx ends;
// then it lets requests finish for a while.
func serve(ctx context.Context, log *slog.Logger, listeners []listener, ready func() error) error {
	failed := make(chan error, len(listeners))
	var servers []*http.Server
	for _, l := range listeners {
		s := l.server(log)
		servers = append(servers, s)
		go func() {
			var err error
			if l.tls != nil {
				err = s.ServeTLS(l.socket, "", "")
			} else {
				err = s.Serve(l.socket)
			}
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serving %s: %w", l.name, err)
			}
		}()
	}
	err := ready()
	if err == nil {
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	for _, s := range servers {
		// Requests that outlast the time are cut off; that is no failure.
		if serr := s.Shutdown(ending); serr != nil {
			_ = s.Close()
			if !errors.Is(serr, context.DeadlineExceeded) {
				err = errors.Join(err, serr)
			}
		}
	}
	return err
}

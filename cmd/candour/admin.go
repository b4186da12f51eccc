package main

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// check is one thing readiness depends on. It returns why it is not ready.
type check struct {
	name string
	ask  func(*http.Request) error
}

// adminHandler answers health, readiness and metrics. It is served on an
// address of its own, on loopback, so that no surface can show it.
func adminHandler(metrics *prometheus.Registry, checks []check) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		status, answer := http.StatusOK, map[string]string{}
		for _, c := range checks {
			answer[c.name] = "ready"
			if err := c.ask(r); err != nil {
				status, answer[c.name] = http.StatusServiceUnavailable, err.Error()
			}
		}
		answerJSON(w, status, answer)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, // what one part cannot tell hides no other
		Registry:      metrics,
	}))
	return mux
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away needs no answer
}

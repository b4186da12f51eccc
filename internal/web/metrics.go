package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What a decision about cookies came to, as the metrics have it.
const (
	outcomeAccepted = "accepted" // everything that was asked
	outcomeRefused  = "refused"  // everything that was asked
	outcomeMixed    = "mixed"
	outcomeObjected = "objected" // to what needs no consent, and nothing else was asked
	outcomeEnded    = "ended"    // such an objection was taken back
	outcomeSeen     = "seen"     // no decision: a changed notice was seen
)

// none is the label of what belongs to no surface, route or class.
const none = "none"

// metrics counts what the sites do. Every label is of a closed set: surfaces
// and routes as declared, classes of status, our own codes. Nothing that a
// client sent becomes one (R9).
type metrics struct {
	requests  *prometheus.CounterVec   // surface, route, class
	seconds   *prometheus.HistogramVec // surface
	refusals  *prometheus.CounterVec   // code: of the cookie door, or of a form that was not taken
	decisions *prometheus.CounterVec   // outcome
}

func newMetrics() metrics {
	return metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "candour_web_requests_total", Help: "Requests answered, by surface, route and class of status.",
		}, []string{"surface", "route", "class"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "candour_web_request_seconds", Help: "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"surface"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "candour_web_door_refusals_total", Help: "What the doors of the web refused, by code.",
		}, []string{"code"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "candour_consent_decisions_total", Help: "Decisions about cookies, by what they came to.",
		}, []string{"outcome"}),
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.seconds, m.refusals, m.decisions}
}

// classes are the classes of status (RFC 9110 section 15), by first digit.
var classes = [...]string{none, "1xx", "2xx", "3xx", "4xx", "5xx"}

// answered counts one request. route is empty if it was refused before a route
// was found, status 0 if the connection ended before there was one.
func (m *metrics) answered(surface, route string, status int, took time.Duration) {
	if route == "" {
		route = none
	}
	class := none
	if i := status / 100; i < len(classes) {
		class = classes[i]
	}
	m.requests.WithLabelValues(surface, route, class).Inc()
	if status == http.StatusSwitchingProtocols {
		return // it was open for as long as the page
	}
	m.seconds.WithLabelValues(surface).Observe(took.Seconds())
}

// surfaceLabel is the surface of a visit for log and metrics.
func (v *Visit) surfaceLabel() string {
	if v.Surface == nil {
		return none
	}
	return v.Surface.ID
}

// outcomeOf says what a form of choices came to.
func outcomeOf(chosen map[string]bool) string {
	yes := 0
	for _, y := range chosen {
		if y {
			yes++
		}
	}
	switch yes {
	case 0:
		return outcomeRefused
	case len(chosen):
		return outcomeAccepted
	}
	return outcomeMixed
}

// Describe implements prometheus.Collector.
func (s *Site) Describe(descs chan<- *prometheus.Desc) {
	for _, c := range s.metrics.all() {
		c.Describe(descs)
	}
}

// Collect implements prometheus.Collector.
func (s *Site) Collect(values chan<- prometheus.Metric) {
	for _, c := range s.metrics.all() {
		c.Collect(values)
	}
}

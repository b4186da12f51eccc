package sip

import (
	"github.com/prometheus/client_golang/prometheus"
)

// What the metrics say of trunks: their id, which the operator wrote, and counts.
// Nothing of a call is a label (R9).
var (
	trunkUpDesc         = prometheus.NewDesc("candour_trunk_up", "1 if calls can go through the trunk, as far as anybody knows.", []string{"trunk"}, nil)
	trunkRegisteredDesc = prometheus.NewDesc("candour_trunk_registered", "1 if a trunk that is registered at has taken that, 0 if not; no series for others.", []string{"trunk"}, nil)
	trunkCallsDesc      = prometheus.NewDesc("candour_trunk_calls", "Calls that go over the trunk now.", []string{"trunk"}, nil)
	trunkAskedDesc      = prometheus.NewDesc("candour_trunk_calls_asked_total", "Calls that the trunk was asked to take.", []string{"trunk"}, nil)
	trunkFailuresDesc   = prometheus.NewDesc("candour_trunk_failures_total", "What the trunk refused or did not answer, of calls and registrations, by class of status.", []string{"trunk", "class"}, nil)
)

// failureClasses are the labels of failures.
var failureClasses = [...]string{"silent", "3xx", "4xx", "5xx", "6xx"}

// trunkCounts are what came of a trunk since the start.
type trunkCounts struct {
	asked    int64
	failures [len(failureClasses)]int64
}

// failed counts a status; 0 is silence. That a callee is busy, or does not answer,
// is no failure of the trunk.
func (c *trunkCounts) failed(status int) {
	switch {
	case status == 0:
		c.failures[0]++
	case status == 480 || status == 486 || status == 487 || status == 600 || status == 603:
	case status >= 300 && status < 700:
		c.failures[status/100-2]++
	}
}

// asks counts a call that the trunk is asked to take.
func (t *carrier) asks() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.asked++
}

// Describe implements prometheus.Collector.
func (s *Server) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{trunkUpDesc, trunkRegisteredDesc, trunkCallsDesc, trunkAskedDesc, trunkFailuresDesc} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (s *Server) Collect(metrics chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	s.mu.Lock()
	all := s.carriers[:len(s.carriers):len(s.carriers)]
	s.mu.Unlock()
	for _, t := range all {
		t.mu.Lock()
		counts, registered := t.counts, t.registered
		t.mu.Unlock()
		put(trunkUpDesc, prometheus.GaugeValue, yes(t.up()), t.ID)
		if t.Register != nil {
			put(trunkRegisteredDesc, prometheus.GaugeValue, yes(registered), t.ID)
		}
		put(trunkCallsDesc, prometheus.GaugeValue, float64(s.through(t)), t.ID)
		put(trunkAskedDesc, prometheus.CounterValue, float64(counts.asked), t.ID)
		for i, class := range failureClasses {
			put(trunkFailuresDesc, prometheus.CounterValue, float64(counts.failures[i]), t.ID, class)
		}
	}
}

func yes(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

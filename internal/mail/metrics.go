package mail

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	queueDesc   = prometheus.NewDesc("candour_mail_queue", "Mails by state: queued, and what became of those of the last 30 days.", []string{"state"}, nil)
	oldestDesc  = prometheus.NewDesc("candour_mail_oldest_queued_seconds", "Age of the oldest queued mail, to the day on which it was queued; 0 if none waits.", nil, nil)
	sendingDesc = prometheus.NewDesc("candour_mail_sending", "1 if mails leave, 0 if no mail server is configured and they wait.", nil, nil)
)

// newRefused returns the counter of what the door refused since the start.
// Every series is there from the start, so that the first refusal is seen as
// an increase.
func newRefused() *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "candour_mail_door_refusals_total", Help: "What the outgoing-mail door refused, by code.",
	}, []string{"code"})
	for _, code := range Refusals() {
		c.WithLabelValues(code)
	}
	return c
}

// collectTimeout bounds how long a busy database may hold up the metrics.
const collectTimeout = 2 * time.Second

// Describe implements prometheus.Collector.
func (q *Queue) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueDesc, oldestDesc, sendingDesc} {
		descs <- d
	}
	q.refused.Describe(descs)
}

// Collect implements prometheus.Collector. Labels are of the closed sets of
// states and of refusals.
func (q *Queue) Collect(metrics chan<- prometheus.Metric) {
	q.refused.Collect(metrics)
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	sending := 0.0
	if q.sender != nil {
		sending = 1
	}
	gauge(sendingDesc, sending)
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	s, err := q.Status(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(queueDesc, err)
		return
	}
	for _, st := range []state{queued, sent, refused, failed, void} {
		gauge(queueDesc, float64(s.Counts[string(st)]), string(st))
	}
	oldest := 0.0
	if !s.Oldest.IsZero() {
		oldest = q.now().Sub(s.Oldest).Seconds()
	}
	gauge(oldestDesc, oldest)
}

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

// collectTimeout bounds how long a busy database may hold up the metrics.
const collectTimeout = 2 * time.Second

// Describe implements prometheus.Collector.
func (q *Queue) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueDesc, oldestDesc, sendingDesc} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. The label is of the closed set of
// states.
func (q *Queue) Collect(metrics chan<- prometheus.Metric) {
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

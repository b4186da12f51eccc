package evidence

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the log. They have no labels, so none can hold what a client
// chose.
var (
	sizeDesc     = prometheus.NewDesc("candour_evidence_entries", "Entries under the last signed checkpoint.", nil, nil)
	lagDesc      = prometheus.NewDesc("candour_evidence_waiting", "Entries that are stored and not under a signed checkpoint yet.", nil, nil)
	ageDesc      = prometheus.NewDesc("candour_evidence_checkpoint_age_seconds", "Age of the last signed checkpoint while entries wait for one, else 0.", nil, nil)
	haltedDesc   = prometheus.NewDesc("candour_evidence_halted", "1 if the log has stopped for good and somebody must look.", nil, nil)
	failedDesc   = prometheus.NewDesc("candour_evidence_failures_total", "Failures to add, read or keep; each is tried again.", nil, nil)
	sentDesc     = prometheus.NewDesc("candour_evidence_checkpoints_sent_total", "Checkpoints sent off the machine.", nil, nil)
	unsentDesc   = prometheus.NewDesc("candour_evidence_checkpoint_send_failures_total", "Checkpoints that could not be sent off the machine.", nil, nil)
	sentSizeDesc = prometheus.NewDesc("candour_evidence_checkpoint_sent_entries", "Entries under the oldest of the checkpoints that the sinks last took.", nil, nil)
)

// scrapeTimeout bounds the query for the number of rows.
const scrapeTimeout = 2 * time.Second

// Describe implements prometheus.Collector.
func (l *Log) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sizeDesc, lagDesc, ageDesc, haltedDesc, failedDesc, sentDesc, unsentDesc, sentSizeDesc} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (l *Log) Collect(metrics chan<- prometheus.Metric) {
	l.mu.Lock()
	signed, at, halted, owed := l.signed, l.signedAt, l.halted != nil, l.size > l.signed
	l.mu.Unlock()
	gauge := func(d *prometheus.Desc, v float64) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	count := func(d *prometheus.Desc, v uint64) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	gauge(sizeDesc, float64(signed))
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	if n, err := l.countRows(ctx); err == nil {
		rows := n.all()
		gauge(lagDesc, float64(rows-min(rows, signed)))
		owed = owed || rows > signed
	}
	age := 0.0
	if owed && !at.IsZero() {
		age = time.Since(at).Seconds()
	}
	gauge(ageDesc, age)
	gauge(haltedDesc, map[bool]float64{true: 1}[halted])
	count(failedDesc, l.failures.Load())
	var sent, failed uint64
	size := ^uint64(0)
	for _, d := range l.sinks {
		sent, failed, size = sent+d.sent.Load(), failed+d.failed.Load(), min(size, d.size.Load())
	}
	count(sentDesc, sent)
	count(unsentDesc, failed)
	if len(l.sinks) > 0 {
		gauge(sentSizeDesc, float64(size))
	}
}

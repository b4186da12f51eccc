package vault

import (
	"github.com/prometheus/client_golang/prometheus"

	"candour/policy"
)

// newRefused returns the counter of what the doors refused since the start, by
// door and by the policy's verdict. Every series is there from the start, so
// that the first refusal is seen as an increase.
func newRefused() *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "candour_vault_door_refusals_total", Help: "What the doors of the vault refused, by door and verdict of the policy.",
	}, []string{"door", "code"})
	for _, door := range []string{doorWrite, doorRead} {
		for verdict := policy.Undeclared; verdict <= policy.Objected; verdict++ {
			c.WithLabelValues(door, verdict.String())
		}
	}
	return c
}

// Describe implements prometheus.Collector.
func (v *Vault) Describe(descs chan<- *prometheus.Desc) { v.refused.Describe(descs) }

// Collect implements prometheus.Collector. Labels are ours: never an id that a
// caller passed.
func (v *Vault) Collect(metrics chan<- prometheus.Metric) { v.refused.Collect(metrics) }

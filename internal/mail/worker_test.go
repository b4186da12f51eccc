package mail_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

func (d *desk) enquirer(address string) (mail.Item, int64) {
	s, record := d.person(address, enquiries, "website")
	it := mail.Item{Kind: mail.EnquiryReceived, Purpose: enquiries, Subject: s, Address: record}
	return it, d.add(it)
}

// A server that will not take a mail now is asked again for four days, less
// and less often, and always about the same Message-ID.
func TestRetries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		it, id := d.enquirer("ann@example.org")
		tries := 0
		d.Office.Refuse = func(*mail.Message) error { tries++; return &mail.DeliveryError{Code: "smtp-451"} }
		start := d.Now()
		for d.row(id) != "failed smtp-451 12" {
			d.Work()
			before := tries
			d.Later(30 * time.Second)
			d.Work() // not yet
			if tries != before {
				t.Fatal("asked again at once")
			}
			d.Later(30 * time.Minute)
			if d.Now().Sub(start) > 7*24*time.Hour {
				t.Fatalf("still trying: %s", d.row(id))
			}
		}
		if took := d.Now().Sub(start); tries != 12 || took < 4*24*time.Hour || took > 6*24*time.Hour {
			t.Errorf("%d tries in %v", tries, took)
		}
		if about := d.About(it.Subject); about[len(about)-1] != "mail.refused smtp-451" {
			t.Errorf("evidence: %v", about)
		}
	})
}

func TestSecondTryHasTheSameMessageID(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	_, id := d.enquirer("ann@example.org")
	var refuse error = &mail.DeliveryError{Code: "connection"}
	lost := &mailtest.Office{}
	d.Office.Refuse = func(m *mail.Message) error {
		if refuse != nil {
			_ = lost.Send(context.Background(), m) // taken, and the answer lost
		}
		return refuse
	}
	d.Work()
	refuse = nil
	d.Later(time.Minute)
	d.Work()
	first, second := lost.Take(), d.Office.Take()
	if len(first) != 1 || len(second) != 1 || first[0].ID == "" || first[0].ID != second[0].ID || d.row(id) != "sent 2" {
		t.Errorf("%d %d %s", len(first), len(second), d.row(id))
	}
	_, _ = d.enquirer("bob@example.org")
	d.Work()
	if third := d.Office.Take(); third[0].ID == second[0].ID {
		t.Error("two mails share a Message-ID")
	}
}

func TestPermanentFailure(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	it, id := d.enquirer("ann@example.org")
	d.Office.Refuse = func(*mail.Message) error { return &mail.DeliveryError{Code: "smtp-550", Permanent: true} }
	d.Work()
	d.Later(48 * time.Hour)
	d.Work()
	if about := d.About(it.Subject); d.row(id) != "failed smtp-550 1" || about[len(about)-1] != "mail.refused smtp-550" {
		t.Errorf("%s %v", d.row(id), about)
	}
}

// A worker that hangs or died keeps its claim for the lease; then another one
// sends the mail, and what the first says later no longer counts.
func TestLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		it, id := d.enquirer("ann@example.org")
		hung := &mailtest.Office{}
		reached, release := make(chan struct{}), make(chan struct{})
		hung.Refuse = func(*mail.Message) error { close(reached); <-release; return nil }
		first := d.NewQueue(hung)
		d.handle(first)
		done := make(chan error, 1)
		go func() { done <- first.Work(context.Background()) }()
		<-reached
		d.Work()
		d.Later(9 * time.Minute)
		d.Work()
		if len(d.Office.Take()) != 0 {
			t.Fatal("a claimed mail was taken over within the lease")
		}
		d.Later(2 * time.Minute)
		d.Work()
		second := d.Office.Take()
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if len(second) != 1 || d.row(id) != "sent 2" || second[0].ID != hung.Take()[0].ID {
			t.Errorf("%d mails, %s", len(second), d.row(id))
		}
		sent := 0
		for _, e := range d.About(it.Subject) {
			if strings.HasPrefix(e, "mail.sent") {
				sent++
			}
		}
		if sent != 1 {
			t.Errorf("evidence of %d sendings", sent)
		}
	})
}

func TestTwoWorkersSendEachMailOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		const n = 40
		for i := range n {
			d.enquirer(fmt.Sprintf("ann%d@example.org", i))
		}
		other := d.NewQueue(d.Office)
		d.handle(other)
		var wg sync.WaitGroup
		for _, q := range []*mail.Queue{d.Queue, other} {
			wg.Go(func() {
				if err := q.Work(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		seen := map[string]int{}
		for _, l := range d.Office.Take() {
			seen[l.To]++
		}
		if len(seen) != n {
			t.Errorf("%d people got mail, want %d", len(seen), n)
		}
		for to, k := range seen {
			if k != 1 {
				t.Errorf("%s got %d", to, k)
			}
		}
	})
}

// gathered is what a queue tells in its metrics: all of it, so that no label
// comes in unseen.
func gathered(t *testing.T, q *mail.Queue) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(q)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, m := range f.Metric {
			name := strings.TrimPrefix(f.GetName(), "candour_mail_")
			if l := m.GetLabel(); len(l) == 1 && (l[0].GetName() == "state" || l[0].GetName() == "code") {
				name += "{" + l[0].GetValue() + "}"
			} else if len(l) > 0 {
				t.Errorf("%s has labels %v", name, l)
			}
			all = append(all, fmt.Sprintf("%s=%v", name, m.GetGauge().GetValue()+m.GetCounter().GetValue()))
		}
	}
	return strings.Join(all, " ")
}

// noRefusals is what the door says in the metrics that refused nothing.
const noRefusals = "door_refusals_total{channel}=0 door_refusals_total{nature}=0 door_refusals_total{no-consent}=0 door_refusals_total{objected}=0 " +
	"door_refusals_total{purpose}=0 door_refusals_total{reserved}=0 door_refusals_total{restricted}=0 door_refusals_total{suppressed}=0 "

// Without a mail server mails wait and it is said; with one they leave.
func TestWithoutMailServer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		_, id := d.enquirer("ann@example.org")
		waiting := d.NewQueue(nil)
		d.handle(waiting)
		if err := waiting.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		s, err := waiting.Status(context.Background())
		if err != nil || s.Sender != "" || s.Counts["queued"] != 1 || !s.Oldest.Equal(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)) || d.row(id) != "queued 0" {
			t.Fatalf("%+v, %v, %s", s, err, d.row(id))
		}
		if got := gathered(t, waiting); got != noRefusals+"oldest_queued_seconds=43200 queue{failed}=0 queue{queued}=1 queue{refused}=0 queue{sent}=0 queue{void}=0 sending=0" {
			t.Error(got)
		}
		ctx, cancel := context.WithCancel(context.Background())
		d.OnLog = func(line string) {
			if strings.Contains(line, "no mail server is configured") && strings.Contains(line, "queued=1") {
				cancel()
			}
		}
		waiting.Run(ctx) // ends when it has said so
		d.Work()
		if s, err := d.Queue.Status(context.Background()); err != nil || s.Sender == "" || s.Counts["sent"] != 1 || !s.Oldest.IsZero() || len(d.Office.Take()) != 1 {
			t.Errorf("%+v, %v", s, err)
		}
		if got := gathered(t, d.Queue); got != noRefusals+"oldest_queued_seconds=0 queue{failed}=0 queue{queued}=0 queue{refused}=0 queue{sent}=1 queue{void}=0 sending=1" {
			t.Error(got)
		}
	})
}

// What has waited for too long is not sent, and finished rows go: nothing is
// kept just in case (R12).
func TestOldRowsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		_, id := d.enquirer("ann@example.org")
		waiting := d.NewQueue(nil)
		work := func() {
			if err := waiting.Work(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		d.Later(14 * 24 * time.Hour)
		work()
		if d.row(id) != "queued 0" {
			t.Fatal(d.row(id))
		}
		d.Later(24 * time.Hour)
		work()
		if d.row(id) != "failed too-old 0" {
			t.Fatal(d.row(id))
		}
		d.Later(30 * 24 * time.Hour)
		work()
		if d.row(id) == "gone" {
			t.Fatal("gone early")
		}
		d.Later(24 * time.Hour)
		work()
		if d.row(id) != "gone" {
			t.Fatal(d.row(id))
		}
	})
}

// Run is woken by the commit of what is owed and ends with its context.
func TestRunIsNudged(t *testing.T) {
	d := newDesk(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	got := make(chan struct{}, 1)
	d.Office.Refuse = func(*mail.Message) error { got <- struct{}{}; return nil }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); d.Queue.Run(ctx) }()
	d.enquirer("ann@example.org")
	<-got
	d.enquirer("bob@example.org")
	<-got
	cancel()
	<-done
}

// The end of the program is no fault: nothing is logged as one, and the mail it
// came between is sent by the next.
func TestTheEndIsNoError(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		_, id := d.enquirer("ann@example.org")
		ctx, end := context.WithCancel(context.Background())
		ending := d.NewQueue(d.Office)
		ending.Handle(mail.EnquiryReceived, func(ctx context.Context, tx *store.Tx, _ mail.Item) (mail.Content, error) {
			end()
			return nil, tx.QueryRow(ctx, "SELECT 1").Scan(new(int))
		})
		ending.Run(ctx)
		ending.Run(ctx) // ended before it began
		if d.row(id) != "queued program-ended 1" || strings.Contains(d.Logged.String(), "ERROR") {
			t.Errorf("%s\n%s", d.row(id), d.Logged)
		}
		d.Later(time.Minute)
		d.Work()
		if d.row(id) != "sent 2" {
			t.Error(d.row(id))
		}
	})
}

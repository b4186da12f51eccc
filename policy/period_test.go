package policy_test

import (
	"testing"
	"time"

	"candour/policy"
)

func TestPeriodsAreReadOrRefused(t *testing.T) {
	for text, want := range map[string]policy.Period{
		"P2Y": {Years: 2}, "P6M": {Months: 6}, "P28D": {Days: 28}, "P2W": {Days: 14}, "P1W1D": {Days: 8},
		"P1Y2M3D": {Years: 1, Months: 2, Days: 3}, "PT90M": {Minutes: 90}, "PT1H30M": {Hours: 1, Minutes: 30}, "P0D": {},
	} {
		if got, err := policy.ParsePeriod(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "1Y", "P1", "PY", "P1S", "P1H", "PT1Y", "P1D1Y", "P1Y1Y", "P1YT1H", "P1.5Y", "P-1Y", "P 1Y", "p1y", "PT1h", "P123456D", "P1YT"} {
		if got, err := policy.ParsePeriod(text); err == nil {
			t.Errorf("%q reads as %v", text, got)
		}
	}
}

// L4: a month that lacks the day ends on its last day.
func TestPeriodEndsOnTheLastDayOfAShortMonth(t *testing.T) {
	for _, c := range []struct{ from, period, want string }{
		{"2027-01-31", "P1M", "2027-02-28"}, {"2028-01-31", "P1M", "2028-02-29"}, {"2027-01-31", "P13M", "2028-02-29"},
		{"2028-02-29", "P1Y", "2029-02-28"}, {"2026-12-31", "P2M", "2027-02-28"}, {"2026-03-28", "P1M3D", "2026-05-01"},
	} {
		from, _ := time.Parse(time.DateOnly, c.from)
		p, err := policy.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.From(from).Format(time.DateOnly); got != c.want {
			t.Errorf("%s and %s is %s, want %s", c.from, c.period, got, c.want)
		}
	}
}

func TestPeriodsInWords(t *testing.T) {
	for text, want := range map[string]string{"P1Y": "1 year", "P1Y6M": "1 year and 6 months", "P0D": "at once", "PT1M": "1 minute"} {
		p, _ := policy.ParsePeriod(text)
		if got := p.Words(); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

package own

import (
	"strconv"
	"time"
)

// Connection is a device that a line can be reached on now. It says nothing of
// where in the network the device is: an address may be that of somebody's home,
// and whoever shares a line need not learn it.
type Connection struct {
	Device int64  // of the line's phones; 0 for a browser
	Over   string // how it is reached, in words, such as "over UDP"
	Since  time.Time
}

// connected says of each phone of a line how it is connected, in words, by its id.
// Those in browsers have the id 0. Who is not in it is not connected.
func (d Deps) connected(line int64) map[int64]string {
	if d.Connected == nil {
		return nil
	}
	first, count := map[int64]Connection{}, map[int64]int{}
	for _, c := range d.Connected(line) {
		if before, ok := first[c.Device]; !ok || c.Since.Before(before.Since) {
			first[c.Device] = c
		}
		count[c.Device]++
	}
	words := map[int64]string{}
	for id, c := range first {
		words[id] = "since " + moment(c.Since)
		switch n := count[id]; {
		case id != 0 && n > 1:
			words[id] += ", " + c.Over + ", with " + strconv.Itoa(n) + " phones that share it"
		case id != 0:
			words[id] += ", " + c.Over
		case n > 1:
			words[id] = "in " + strconv.Itoa(n) + " browsers, the first " + words[id]
		default:
			words[id] = "in one browser, " + words[id]
		}
	}
	return words
}

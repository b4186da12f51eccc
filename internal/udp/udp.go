// Package udp reads and writes datagrams many at a time: a system call for each
// costs more than most of what is done with them.
package udp

import "net"

// Batch reads a socket and answers what it read. It belongs to one goroutine;
// the socket may be written by others meanwhile. What Datagram returns is good
// until the next Read.
type Batch struct {
	system
}

// New makes a batch that reads up to n datagrams of at most size bytes. A longer
// one comes cut off, with size bytes.
func New(conn *net.UDPConn, n, size int) (*Batch, error) {
	b := &Batch{}
	return b, b.init(conn, n, size)
}

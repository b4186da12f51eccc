package media

import (
	"io"

	"github.com/pion/transport/v5/packetio"
)

// Limits of what a leg can make us keep. Its packets are authentic, but nobody
// says that whoever sends them means well.
const (
	maxBuffers  = 128       // of RTP and RTCP, one for each source that it names
	rtpPending  = 256 << 10 // bytes of one source that wait to be passed on
	rtcpPending = 32 << 10
)

// buffer is that of one source.
type buffer struct{ *packetio.Buffer }

func (b buffer) Read(p []byte) (int, error) {
	n, _, err := b.Buffer.Read(p, nil)
	return n, err
}

func (b buffer) Write(p []byte) (int, error) { return b.Buffer.Write(p, nil) }

// buffer is called by pion for each source that the leg names, in RTP or RTCP.
// What is kept of one is kept until the connection is closed, so a leg that names
// ever more of them loses its connection.
func (l *Leg) buffer(of packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := buffer{packetio.NewBuffer()}
	b.SetLimitSize(rtpPending)
	if of == packetio.RTCPBufferPacket {
		b.SetLimitSize(rtcpPending)
	}
	if l.buffers.Add(1) == maxBuffers+1 {
		l.relay.log.Warn("media: a leg names too many sources")
		l.run(l.drop)
	}
	return b
}

// drop closes the way to the leg.
func (l *Leg) drop() {
	l.mu.Lock()
	pc, line := l.pc, l.line
	l.mu.Unlock()
	if pc != nil {
		_ = pc.Close()
	}
	if line != nil {
		line.shut()
	}
	l.lost.Do(func() { close(l.done) })
}

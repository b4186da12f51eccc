package media

import (
	"fmt"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtp"
)

// nacks are the interceptors of pion that ask again for packets of a picture that
// were lost on the way to us, and give those that were lost on the way from us
// (RFC 4585 section 6.2.1): a picture of which one packet is missing cannot be
// shown. They leave again as they left before, so that SRTP makes the same of them.
func nacks(registry *interceptor.Registry) error {
	gives, err := nack.NewResponderInterceptor(nack.ResponderSize(replayWindow), nack.WithResponderLoggerFactory(silent{}))
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	asks, err := nack.NewGeneratorInterceptor(nack.GeneratorSize(replayWindow), nack.GeneratorMaxNacksPerPacket(maxAsked), nack.WithGeneratorLoggerFactory(silent{}))
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	registry.Add(gives)
	registry.Add(asks)
	return nil
}

// repeater has the interceptors see the packets of a phone's picture. They are
// called without a lock of the port: they hold locks of their own while they call
// its tell.
type repeater struct {
	chain  interceptor.Interceptor
	writer interceptor.RTPWriter  // what leaves
	rtcp   interceptor.RTCPReader // what is told

	// Of what reads RTP, which is one goroutine.
	now    *interceptor.StreamInfo
	reader interceptor.RTPReader // of now
	// What the interceptors read of a packet: one header, read again into the same
	// place, which the attributes hold.
	header     *rtp.Header
	attributes interceptor.Attributes
}

func newRepeater(p *port, clock uint32) (*repeater, error) {
	registry := &interceptor.Registry{}
	if err := nacks(registry); err != nil {
		return nil, err
	}
	chain, err := registry.Build("")
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	return &repeater{
		chain: chain, attributes: interceptor.Attributes{},
		writer: chain.BindLocalStream(repeated(p.source, clock), interceptor.RTPWriterFunc(p.leave)),
		rtcp:   chain.BindRTCPReader(interceptor.RTCPReaderFunc(whole)),
	}, nil
}

// begin lets requests leave.
func (r *repeater) begin(p *port) { r.chain.BindRTCPWriter(interceptor.RTCPWriterFunc(p.tell)) }

// whole is the reader under those of pion: the packet is in the buffer already.
func whole(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
	return len(b), a, nil
}

func repeated(source, clock uint32) *interceptor.StreamInfo {
	return &interceptor.StreamInfo{SSRC: source, ClockRate: clock, RTCPFeedback: []interceptor.RTCPFeedback{{Type: "nack"}}}
}

// follow makes source the one whose packets are missed.
func (r *repeater) follow(source, clock uint32) {
	if r.now != nil {
		r.chain.UnbindRemoteStream(r.now)
	}
	r.now = repeated(source, clock)
	r.reader = r.chain.BindRemoteStream(r.now, interceptor.RTPReaderFunc(whole))
}

// take tells the interceptors of a packet, unless they cannot read its header.
func (r *repeater) take(b []byte) {
	var err error
	if r.header == nil {
		r.header, err = r.attributes.GetRTPHeader(b)
	} else {
		_, err = r.header.Unmarshal(b)
	}
	if err == nil {
		_, _, _ = r.reader.Read(b, r.attributes)
	}
}

package media

// Direction says which way media may go, as seen by whoever states it (RFC 3264
// section 5.1, RFC 8866 section 6.7). What one leg offers is passed to the other
// as it is: a leg that offers SendOnly puts the other on hold, and the other is
// offered SendOnly.
type Direction uint8

// The four directions.
const (
	Inactive Direction = 0
	SendOnly Direction = 1
	RecvOnly Direction = 2
	SendRecv           = SendOnly | RecvOnly
)

// String gives the attribute of RFC 8866.
func (d Direction) String() string {
	switch d & SendRecv {
	case SendOnly:
		return "sendonly"
	case RecvOnly:
		return "recvonly"
	case SendRecv:
		return "sendrecv"
	default:
		return "inactive"
	}
}

// Sends tells whether whoever states d sends.
func (d Direction) Sends() bool { return d&SendOnly != 0 }

// Receives tells whether whoever states d listens.
func (d Direction) Receives() bool { return d&RecvOnly != 0 }

// reverse is d as seen from the other end.
func (d Direction) reverse() Direction { return (d&SendOnly)<<1 | (d&RecvOnly)>>1 }

// directionOf reads the attribute of RFC 8866.
func directionOf(attribute string) (Direction, bool) {
	for _, d := range []Direction{Inactive, SendOnly, RecvOnly, SendRecv} {
		if attribute == d.String() {
			return d, true
		}
	}
	return Inactive, false
}

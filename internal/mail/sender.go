package mail

import (
	"context"
	"errors"
	"fmt"
)

// Sender hands a mail on, once, and says what became of it.
type Sender interface {
	// Send returns nil once the mail has been accepted. A *DeliveryError says
	// whether trying again can help; any other error counts as passing.
	Send(ctx context.Context, m *Message) error
	// Name says where mails go, without secrets.
	Name() string
}

// DeliveryError says why a mail was not accepted, by code only: a server's own
// words often quote the recipient.
type DeliveryError struct {
	Code      string // smtp-550, connection, certificate, tls, sign-in, timeout
	Permanent bool   // trying again cannot help
}

func (e *DeliveryError) Error() string {
	if e.Permanent {
		return fmt.Sprintf("mail: refused for good (%s)", e.Code)
	}
	return fmt.Sprintf("mail: not accepted for now (%s)", e.Code)
}

// outcome reads an error of Send.
func outcome(err error) (code string, permanent bool) {
	var d *DeliveryError
	if errors.As(err, &d) {
		return d.Code, d.Permanent
	}
	return "internal", false
}

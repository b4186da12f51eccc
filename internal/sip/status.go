package sip

import (
	"errors"
	"fmt"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// phrases are the reason phrases of the answers given here (RFC 3261 21). What
// a person is told stands in the header Reason.
var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 415: "Unsupported Media Type",
	422: "Session Interval Too Small", 423: "Interval Too Brief", 433: "Anonymity Disallowed", 480: "Temporarily Unavailable", 481: "Call Does Not Exist",
	482: "Loop Detected", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
	491: "Request Pending", 500: "Server Internal Error", 503: "Service Unavailable", 504: "Server Time-out", 603: "Decline",
}

// verdict is why a call ends, on its one way to the record, to the caller and
// to the callee.
type verdict struct {
	code   telecom.Code
	status int    // of the answer to an INVITE that has none yet
	words  string // for the caller
}

// The ends of calls. Refusals of the desk are made by refusal.
var (
	endCompleted   = verdict{telecom.Completed, 487, ""}
	endCancelled   = verdict{telecom.Cancelled, 487, ""}
	endNoAnswer    = verdict{telecom.NoAnswer, 480, "Nobody answered."}
	endBusy        = verdict{telecom.Busy, 486, "They are on another call."}
	endDeclined    = verdict{telecom.Declined, 603, "They declined the call."}
	endUnavailable = verdict{telecom.Unavailable, 480, "Their phone is not connected at the moment."}
	endCodec       = verdict{telecom.Failed, 488, "The two phones have no sound in common."}
	endMalformed   = verdict{telecom.Failed, 400, "Your phone sent something we could not read."}
	endFault       = verdict{telecom.Failed, 500, "Something went wrong here. Please try again."}
	endLost        = verdict{telecom.Lost, 480, "The connection was lost."}
	endClosing     = verdict{telecom.Interrupted, 503, "The telephone service is being restarted. Please try again in a minute."}
	endBlocked     = verdict{telecom.Blocked, endBusy.status, endBusy.words} // whoever is blocked, or disturbs, hears what a busy line gives
	endQuiet       = verdict{telecom.Quiet, endBusy.status, endBusy.words}
	endAnonymous   = verdict{telecom.Anonymous, 433, "They take no calls from withheld numbers. Dial 1470 before the number to show yours for this call."} // RFC 5079
	endTooMany     = verdict{telecom.Failed, 486, "You have too many calls open."}
	endTooOften    = verdict{telecom.Failed, 503, "You made many calls in a short time. Please wait a minute."}
)

// errOften says that a line begins calls faster than a person does.
var errOften = errors.New("sip: too many calls in a minute")

// outcome is what the answer of the last device means for the call.
func outcome(status int) verdict {
	switch status {
	case 486, 600:
		return endBusy
	case 603:
		return endDeclined
	case 488, 606, 415:
		return endCodec
	}
	return endUnavailable
}

// weight orders the answers of several devices: the one that tells the caller
// most is passed on (RFC 3261 16.7).
func weight(status int) int {
	switch outcome(status) {
	case endDeclined:
		return 4
	case endBusy:
		return 3
	case endCodec:
		return 2
	}
	return 1
}

// refusal is what an error of the desk or of the relay means for a call that
// has not begun. known is false for what nobody expected.
func refusal(err error) (v verdict, known bool) {
	var r *telecom.Refusal
	switch {
	case errors.As(err, &r):
		return verdict{r.Code, r.SIP(), r.Words()}, true
	case errors.Is(err, errOften):
		return endTooOften, true
	case errors.Is(err, errOutside):
		return endOutside, true
	case errors.Is(err, errSame):
		return endSame, true
	case errors.Is(err, ErrClosed):
		return endClosing, true
	case errors.Is(err, media.ErrSDP):
		return endMalformed, true
	case errors.Is(err, media.ErrCodec):
		return endCodec, true
	}
	return endFault, false
}

// because is the header Reason (RFC 3326) with words for the person.
func because(status int, words string) []sipgo.Header {
	if words == "" {
		return nil
	}
	return []sipgo.Header{sipgo.NewHeader("Reason", fmt.Sprintf(`SIP;cause=%d;text="%s"`, status, display(words)))}
}

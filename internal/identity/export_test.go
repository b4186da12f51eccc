package identity

import (
	"time"

	"github.com/pquerna/otp/totp"
)

// CodeAt is what the app of a session's authenticator shows.
func (a *Accounts) CodeAt(of *Session, at time.Time) (string, error) {
	return totp.GenerateCode(a.authenticatorKey(of), at)
}

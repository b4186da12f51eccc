package consent

import (
	"context"
	"errors"
	"fmt"

	"candour/internal/evidence"
	"candour/internal/store"
)

// ErrNotBehind says that there is nothing new for a browser to have seen.
var ErrNotBehind = errors.New("consent: this browser knows the policy in force, or nothing is known of it")

// Accept records that a browser was shown what changed up to the policy in
// force and went on (R1), and returns what its cookie is to say. Its choices
// stay those it made, of the day and under the version it made them, so that
// no choice becomes wider or younger; a refusal still identifies nobody.
func (d *Desk) Accept(ctx context.Context, surface string, s State) (Decision, error) {
	if _, behind := s.Behind(); !behind {
		return Decision{}, ErrNotBehind
	}
	v := s.decision
	v.Seen = s.policy.Version
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		_, err := d.log.Append(ctx, tx, evidence.Body{
			Kind: evidence.NoticeAccepted, At: d.now().UTC(), Actor: actor(s.policy), Surface: surface, Purpose: purpose(s.policy),
			Policy: s.policy.Version, Ref: v.ID,
		})
		return err
	})
	if err != nil {
		return Decision{}, fmt.Errorf("consent: keeping that a notice was seen: %w", err)
	}
	return v, nil
}

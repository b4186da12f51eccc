-- +goose Up

-- Recordings of calls. What each side said is records of the vault, in pieces that
-- follow one another: those of whoever recorded are theirs, those of the other
-- side the other's, and of somebody outside of whoever recorded.
CREATE TABLE recordings (
    id          INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    subject     INTEGER NOT NULL,  -- who recorded; 0: it is nobody's any more and goes
    other       INTEGER NOT NULL,  -- whose voice is the other; 0: somebody outside, or it is erased
    far         INTEGER NOT NULL,  -- the other side: 0 outside, 1 a person of ours, 2 one whose voice is erased
    call        INTEGER NOT NULL,
    begun_ms    INTEGER NOT NULL,
    ended_ms    INTEGER NOT NULL,  -- 0: it goes on
    length_ms   INTEGER NOT NULL,  -- of what is kept
    code        TEXT NOT NULL,    -- why it ended; empty: it goes on
    apart       INTEGER NOT NULL,  -- 1: the two sides cannot be played as one
    heard_ms    INTEGER NOT NULL,  -- 0: not yet
    expires_day INTEGER NOT NULL   -- when the sound is gone by the policy
) STRICT;
CREATE INDEX recordings_subject ON recordings (subject, id);
CREATE INDEX recordings_other ON recordings (other, id);

CREATE TABLE recording_pieces (
    recording INTEGER NOT NULL,
    side      INTEGER NOT NULL,  -- 0 who recorded, 1 the other
    number    INTEGER NOT NULL,  -- from the beginning
    subject   INTEGER NOT NULL,  -- whose the record is
    record    INTEGER NOT NULL,
    PRIMARY KEY (recording, side, number)
) STRICT;
CREATE INDEX recording_pieces_subject ON recording_pieces (subject);

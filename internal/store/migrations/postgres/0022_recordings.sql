-- +goose Up

-- Recordings of calls. What each side said is records of the vault, in pieces that
-- follow one another: those of whoever recorded are theirs, those of the other
-- side the other's, and of somebody outside of whoever recorded.
CREATE TABLE recordings (
    id          BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    subject     BIGINT NOT NULL,  -- who recorded; 0: it is nobody's any more and goes
    other       BIGINT NOT NULL,  -- whose voice is the other; 0: somebody outside, or it is erased
    far         BIGINT NOT NULL,  -- the other side: 0 outside, 1 a person of ours, 2 one whose voice is erased
    call        BIGINT NOT NULL,
    begun_ms    BIGINT NOT NULL,
    ended_ms    BIGINT NOT NULL,  -- 0: it goes on
    length_ms   BIGINT NOT NULL,  -- of what is kept
    code        TEXT NOT NULL,    -- why it ended; empty: it goes on
    apart       BIGINT NOT NULL,  -- 1: the two sides cannot be played as one
    heard_ms    BIGINT NOT NULL,  -- 0: not yet
    expires_day BIGINT NOT NULL   -- when the sound is gone by the policy
);
CREATE INDEX recordings_subject ON recordings (subject, id);
CREATE INDEX recordings_other ON recordings (other, id);

CREATE TABLE recording_pieces (
    recording BIGINT NOT NULL,
    side      BIGINT NOT NULL,  -- 0 who recorded, 1 the other
    number    BIGINT NOT NULL,  -- from the beginning
    subject   BIGINT NOT NULL,  -- whose the record is
    record    BIGINT NOT NULL,
    PRIMARY KEY (recording, side, number)
);
CREATE INDEX recording_pieces_subject ON recording_pieces (subject);

-- +goose Up

-- Voicemail. How a line's is set, the greeting that its person recorded, what
-- callers said and from which number are records of the vault.
CREATE TABLE voicemail_boxes (
    line       INTEGER NOT NULL PRIMARY KEY,
    subject    INTEGER NOT NULL,  -- whose
    settings   INTEGER NOT NULL,  -- the record that says how it is set; 0: it never was
    greeting   INTEGER NOT NULL,  -- the record of the greeting; 0: the standard one
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX voicemail_boxes_subject ON voicemail_boxes (subject);

CREATE TABLE voicemail_messages (
    id          INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    line        INTEGER NOT NULL,
    subject     INTEGER NOT NULL,  -- for whom it was left
    sound       INTEGER NOT NULL,  -- the record that holds it
    note        INTEGER NOT NULL,  -- the record that says from which number
    length_ms   INTEGER NOT NULL,
    left_ms     INTEGER NOT NULL,
    heard_ms    INTEGER NOT NULL,  -- 0: not yet
    expires_day INTEGER NOT NULL  -- when the sound is gone by the policy
) STRICT;
CREATE INDEX voicemail_messages_line ON voicemail_messages (line, id);
CREATE INDEX voicemail_messages_subject ON voicemail_messages (subject);

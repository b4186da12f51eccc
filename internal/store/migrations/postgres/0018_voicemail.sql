-- +goose Up

-- Voicemail. How a line's is set, the greeting that its person recorded, what
-- callers said and from which number are records of the vault.
CREATE TABLE voicemail_boxes (
    line       BIGINT NOT NULL PRIMARY KEY,
    subject    BIGINT NOT NULL,  -- whose
    settings   BIGINT NOT NULL,  -- the record that says how it is set; 0: it never was
    greeting   BIGINT NOT NULL,  -- the record of the greeting; 0: the standard one
    changed_ms BIGINT NOT NULL
);
CREATE INDEX voicemail_boxes_subject ON voicemail_boxes (subject);

CREATE TABLE voicemail_messages (
    id          BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    line        BIGINT NOT NULL,
    subject     BIGINT NOT NULL,  -- for whom it was left
    sound       BIGINT NOT NULL,  -- the record that holds it
    note        BIGINT NOT NULL,  -- the record that says from which number
    length_ms   BIGINT NOT NULL,
    left_ms     BIGINT NOT NULL,
    heard_ms    BIGINT NOT NULL,  -- 0: not yet
    expires_day BIGINT NOT NULL  -- when the sound is gone by the policy
);
CREATE INDEX voicemail_messages_line ON voicemail_messages (line, id);
CREATE INDEX voicemail_messages_subject ON voicemail_messages (subject);

-- +goose Up

-- What people set of their lines. Settings and the address of a line are
-- records of the vault.
CREATE TABLE line_settings (
    line      BIGINT NOT NULL PRIMARY KEY,
    subject   BIGINT NOT NULL,  -- whose
    record    BIGINT NOT NULL,  -- the record that holds the settings; 0: all are as they were
    address   BIGINT NOT NULL,  -- the record that holds where the line is; 0: it is not known
    warned_ms BIGINT NOT NULL,  -- when its person said that they read when 999 may fail; 0: they have not
    helped_ms BIGINT NOT NULL   -- when the line last rang an emergency service; 0: never
);
CREATE INDEX line_settings_subject ON line_settings (subject);

-- Where calls go on to. The number or extension is a record of the vault.
CREATE TABLE line_forwards (
    id          BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    line        BIGINT NOT NULL,
    subject     BIGINT NOT NULL,  -- whose line it is
    way         TEXT NOT NULL,     -- always, busy, unanswered
    target_line BIGINT NOT NULL,  -- the line it goes to; 0: a number outside
    record      BIGINT NOT NULL,  -- the record that holds where it goes
    after_s     BIGINT NOT NULL,  -- how long it rings before; 0 where that is no matter
    set_ms      BIGINT NOT NULL,
    stopped_ms  BIGINT NOT NULL,  -- 0: it goes on
    stopped     TEXT NOT NULL,     -- why it stopped: person, the one it went to did; gone, their line is; empty: it goes on
    UNIQUE (line, way)
);
CREATE INDEX line_forwards_target ON line_forwards (target_line);
CREATE INDEX line_forwards_subject ON line_forwards (subject);

-- Lines from which a person takes no forwarded calls.
CREATE TABLE line_stops (
    id         BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    line       BIGINT NOT NULL,  -- of the person
    subject    BIGINT NOT NULL,  -- the person
    from_line  BIGINT NOT NULL,
    hidden     BIGINT NOT NULL CHECK (hidden IN (0, 1)),  -- 1: the number of that line was withheld
    stopped_ms BIGINT NOT NULL,
    UNIQUE (line, from_line)
);
CREATE INDEX line_stops_subject ON line_stops (subject);

-- Callers that a line does not ring for. Who they are is a record of the vault,
-- unless their number was withheld; they are found by a mark.
CREATE TABLE line_blocks (
    id       BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    line     BIGINT NOT NULL,
    subject  BIGINT NOT NULL,  -- whose line it is
    mark     BYTEA NOT NULL,     -- HMAC of caller and line under the index key
    record   BIGINT NOT NULL,  -- the record that says whom it is for
    added_ms BIGINT NOT NULL,
    UNIQUE (line, mark)
);
CREATE INDEX line_blocks_subject ON line_blocks (subject);

-- Calls that somebody reported as malicious or a nuisance.
CREATE TABLE call_reports (
    id          BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    call        BIGINT NOT NULL,
    subject     BIGINT NOT NULL,  -- who reported it
    kind        TEXT NOT NULL,     -- code
    withheld    BIGINT NOT NULL CHECK (withheld IN (0, 1)),  -- 1: the caller's number was
    traced      BIGINT NOT NULL CHECK (traced IN (0, 1)),    -- 1: who called is in the record
    record      BIGINT NOT NULL,  -- the record that holds what happened and who called
    called_ms   BIGINT NOT NULL,
    reported_ms BIGINT NOT NULL,
    closed_ms   BIGINT NOT NULL,  -- 0 while open
    expires_day BIGINT NOT NULL   -- days since 1970
);
CREATE INDEX call_reports_subject ON call_reports (subject, call);

-- A call that goes on because its callee forwards: the call that somebody made.
ALTER TABLE calls ADD COLUMN origin BIGINT NOT NULL DEFAULT 0;

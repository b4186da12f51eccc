-- +goose Up

-- What people set of their lines. Settings and the address of a line are
-- records of the vault.
CREATE TABLE line_settings (
    line      INTEGER NOT NULL PRIMARY KEY,
    subject   INTEGER NOT NULL,  -- whose
    record    INTEGER NOT NULL,  -- the record that holds the settings; 0: all are as they were
    address   INTEGER NOT NULL,  -- the record that holds where the line is; 0: it is not known
    warned_ms INTEGER NOT NULL,  -- when its person said that they read when 999 may fail; 0: they have not
    helped_ms INTEGER NOT NULL   -- when the line last rang an emergency service; 0: never
) STRICT;
CREATE INDEX line_settings_subject ON line_settings (subject);

-- Where calls go on to. The number or extension is a record of the vault.
CREATE TABLE line_forwards (
    id          INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    line        INTEGER NOT NULL,
    subject     INTEGER NOT NULL,  -- whose line it is
    way         TEXT NOT NULL,     -- always, busy, unanswered
    target_line INTEGER NOT NULL,  -- the line it goes to; 0: a number outside
    record      INTEGER NOT NULL,  -- the record that holds where it goes
    after_s     INTEGER NOT NULL,  -- how long it rings before; 0 where that is no matter
    set_ms      INTEGER NOT NULL,
    stopped_ms  INTEGER NOT NULL,  -- 0: it goes on
    stopped     TEXT NOT NULL,     -- why it stopped: person, the one it went to did; gone, their line is; empty: it goes on
    UNIQUE (line, way)
) STRICT;
CREATE INDEX line_forwards_target ON line_forwards (target_line);
CREATE INDEX line_forwards_subject ON line_forwards (subject);

-- Lines from which a person takes no forwarded calls.
CREATE TABLE line_stops (
    id         INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    line       INTEGER NOT NULL,  -- of the person
    subject    INTEGER NOT NULL,  -- the person
    from_line  INTEGER NOT NULL,
    hidden     INTEGER NOT NULL CHECK (hidden IN (0, 1)),  -- 1: the number of that line was withheld
    stopped_ms INTEGER NOT NULL,
    UNIQUE (line, from_line)
) STRICT;
CREATE INDEX line_stops_subject ON line_stops (subject);

-- Callers that a line does not ring for. Who they are is a record of the vault,
-- unless their number was withheld; they are found by a mark.
CREATE TABLE line_blocks (
    id       INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    line     INTEGER NOT NULL,
    subject  INTEGER NOT NULL,  -- whose line it is
    mark     BLOB NOT NULL,     -- HMAC of caller and line under the index key
    record   INTEGER NOT NULL,  -- the record that says whom it is for
    added_ms INTEGER NOT NULL,
    UNIQUE (line, mark)
) STRICT;
CREATE INDEX line_blocks_subject ON line_blocks (subject);

-- Calls that somebody reported as malicious or a nuisance.
CREATE TABLE call_reports (
    id          INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    call        INTEGER NOT NULL,
    subject     INTEGER NOT NULL,  -- who reported it
    kind        TEXT NOT NULL,     -- code
    withheld    INTEGER NOT NULL CHECK (withheld IN (0, 1)),  -- 1: the caller's number was
    traced      INTEGER NOT NULL CHECK (traced IN (0, 1)),    -- 1: who called is in the record
    record      INTEGER NOT NULL,  -- the record that holds what happened and who called
    called_ms   INTEGER NOT NULL,
    reported_ms INTEGER NOT NULL,
    closed_ms   INTEGER NOT NULL,  -- 0 while open
    expires_day INTEGER NOT NULL   -- days since 1970
) STRICT;
CREATE INDEX call_reports_subject ON call_reports (subject, call);

-- A call that goes on because its callee forwards: the call that somebody made.
ALTER TABLE calls ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;

-- +goose Up

-- Messages between lines. What a message says, and what came with it, are
-- records of the vault, in a part of each side.
CREATE TABLE messages (
    id          INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    author      INTEGER NOT NULL,  -- whose; 0 for nobody's any more
    reader      INTEGER NOT NULL,  -- whose; 0 for nobody's any more
    author_line INTEGER NOT NULL,
    reader_line INTEGER NOT NULL,
    kind        TEXT NOT NULL,     -- text, photo, file, place
    record      INTEGER NOT NULL,  -- the record that holds the words
    attached    INTEGER NOT NULL,  -- the record of the photo, file or place; 0 for none
    sent_ms     INTEGER NOT NULL,
    read_ms     INTEGER NOT NULL,  -- 0 while it is new
    until_ms    INTEGER NOT NULL,  -- when a place goes; 0 for what is none
    expires_day INTEGER NOT NULL   -- the first day on which it is gone
) STRICT;
CREATE INDEX messages_author ON messages (author, reader_line, id);
CREATE INDEX messages_reader ON messages (reader, author_line, id);

-- That somebody shared where they are, and with whom: for a day, so that it
-- cannot be done often enough to be a track.
CREATE TABLE shared_places (
    id     INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    author INTEGER NOT NULL,
    reader INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX shared_places_author ON shared_places (author, at_ms);

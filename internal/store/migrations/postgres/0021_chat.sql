-- +goose Up

-- Messages between lines. What a message says, and what came with it, are
-- records of the vault, in a part of each side.
CREATE TABLE messages (
    id          BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    author      BIGINT NOT NULL,  -- whose; 0 for nobody's any more
    reader      BIGINT NOT NULL,  -- whose; 0 for nobody's any more
    author_line BIGINT NOT NULL,
    reader_line BIGINT NOT NULL,
    kind        TEXT NOT NULL,     -- text, photo, file, place
    record      BIGINT NOT NULL,  -- the record that holds the words
    attached    BIGINT NOT NULL,  -- the record of the photo, file or place; 0 for none
    sent_ms     BIGINT NOT NULL,
    read_ms     BIGINT NOT NULL,  -- 0 while it is new
    until_ms    BIGINT NOT NULL,  -- when a place goes; 0 for what is none
    expires_day BIGINT NOT NULL   -- the first day on which it is gone
);
CREATE INDEX messages_author ON messages (author, reader_line, id);
CREATE INDEX messages_reader ON messages (reader, author_line, id);

-- That somebody shared where they are, and with whom: for a day, so that it
-- cannot be done often enough to be a track.
CREATE TABLE shared_places (
    id     BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    author BIGINT NOT NULL,
    reader BIGINT NOT NULL,
    at_ms  BIGINT NOT NULL
);
CREATE INDEX shared_places_author ON shared_places (author, at_ms);

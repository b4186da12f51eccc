-- +goose Up

-- Numbers by which lines are reached from outside. Each is a record of the vault,
-- and is found by a mark.
CREATE TABLE line_numbers (
    id       BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    line     BIGINT NOT NULL,
    subject  BIGINT NOT NULL,  -- whose
    mark     BYTEA NOT NULL UNIQUE,  -- HMAC of the number under the index key
    number   BIGINT NOT NULL,  -- the record that holds it
    given_ms BIGINT NOT NULL
);
CREATE INDEX line_numbers_line ON line_numbers (line, id);
CREATE INDEX line_numbers_subject ON line_numbers (subject);

-- Which side of a call is no line of ours: 0 neither, 1 the caller, 2 the callee,
-- 3 the callee, an emergency service.
ALTER TABLE calls ADD COLUMN outside BIGINT NOT NULL DEFAULT 0 CHECK (outside IN (0, 1, 2, 3));

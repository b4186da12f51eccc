-- +goose Up

-- When people last looked at their list of calls, so that their phone can say how
-- many they missed since.
CREATE TABLE calls_looked (
    subject INTEGER NOT NULL PRIMARY KEY,
    at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Up

-- Which records are contacts of whose address book. What a contact says stands
-- in its record alone.
CREATE TABLE contacts (
    id      INTEGER NOT NULL PRIMARY KEY,  -- of the record
    subject INTEGER NOT NULL  -- whose
) STRICT;
CREATE INDEX contacts_subject ON contacts (subject, id);

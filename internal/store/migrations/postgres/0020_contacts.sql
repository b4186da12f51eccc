-- +goose Up

-- Which records are contacts of whose address book. What a contact says stands
-- in its record alone.
CREATE TABLE contacts (
    id      BIGINT NOT NULL PRIMARY KEY,  -- of the record
    subject BIGINT NOT NULL  -- whose
);
CREATE INDEX contacts_subject ON contacts (subject, id);

-- +goose Up
-- The outbox of the evidence log. A row is written in the transaction of the
-- act it is about and never changes.
CREATE TABLE evidence (
    id         BIGINT NOT NULL PRIMARY KEY,
    commitment BYTEA  NOT NULL CHECK (length(commitment) = 32),         -- to salt and body
    body       BYTEA  NOT NULL CHECK (length(body) BETWEEN 34 AND 8192) -- form, then salt and body: open or sealed
);

-- Rows that have no place in the log yet. Transactions commit in another order
-- than they were given ids in, so the holder of the lease gives out the places.
CREATE TABLE evidence_pending (
    id BIGINT NOT NULL PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Places in the log, dense from 0. A place is committed here before its leaf
-- is added there.
CREATE TABLE evidence_order (
    seq BIGINT NOT NULL PRIMARY KEY,
    id  BIGINT NOT NULL UNIQUE
);

-- +goose StatementBegin
CREATE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence never changes';
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER evidence_keeps BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_refuse();
CREATE TRIGGER evidence_order_keeps BEFORE UPDATE OR DELETE ON evidence_order
    FOR EACH ROW EXECUTE FUNCTION evidence_refuse();

-- The rows in the order of the log, on both engines.
CREATE VIEW evidence_log (seq, id, commitment, body) AS
    SELECT o.seq, e.id, e.commitment, e.body FROM evidence_order o JOIN evidence e ON e.id = o.id;

-- Whom an entry is about and which key opens it. It goes with the person, so
-- it is no part of the evidence.
CREATE TABLE evidence_about (
    entry   BIGINT NOT NULL PRIMARY KEY, -- evidence.id
    subject BIGINT NOT NULL,
    key     BIGINT NOT NULL              -- data key in the ring
);
CREATE INDEX evidence_about_subject ON evidence_about (subject, entry);

-- The last signed checkpoint: a log older than it was rolled back.
CREATE TABLE evidence_checkpoint (
    one    BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    size   BIGINT NOT NULL,
    note   BYTEA  NOT NULL,
    closed BIGINT NOT NULL CHECK (closed IN (0, 1)) -- 1 when every row was in the log and no server has opened it since
);

-- Changes are read by transaction (`xid`): what a reader has not seen is of transactions that were open
-- when it last looked, or began later. They are kept in four tables that take turns: one is written
-- to, and the oldest is emptied as a whole once all of it has been in sight for as long as changes
-- are kept. Nothing has to be made ahead of time, and no row is deleted.
DROP TABLE mainstay_change;
CREATE SEQUENCE mainstay_change_seq;
-- Which of the four is written to.
CREATE SEQUENCE mainstay_change_turn MINVALUE 0 MAXVALUE 3;
SELECT setval('mainstay_change_turn', 0);
CREATE TABLE mainstay_change (
    seq bigint NOT NULL DEFAULT nextval('mainstay_change_seq'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    turn smallint NOT NULL DEFAULT pg_sequence_last_value('mainstay_change_turn'),
    model text NOT NULL,
    id text NOT NULL,
    before jsonb,
    after jsonb,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY LIST (turn);
ALTER SEQUENCE mainstay_change_seq OWNED BY mainstay_change.seq;
ALTER SEQUENCE mainstay_change_turn OWNED BY mainstay_change.turn;
CREATE TABLE mainstay_change_0 PARTITION OF mainstay_change FOR VALUES IN (0);
CREATE TABLE mainstay_change_1 PARTITION OF mainstay_change FOR VALUES IN (1);
CREATE TABLE mainstay_change_2 PARTITION OF mainstay_change FOR VALUES IN (2);
CREATE TABLE mainstay_change_3 PARTITION OF mainstay_change FOR VALUES IN (3);
CREATE INDEX mainstay_change_xid ON mainstay_change (xid);

-- What was in sight at some times of the last hour: an emptied table held nothing else.
CREATE TABLE mainstay_change_sight (
    at timestamptz NOT NULL,
    sight pg_snapshot NOT NULL
);

-- Whoever does not see all of the horizon has missed changes that are gone. `place` tells a copy and a
-- restored database from the one that it was.
ALTER TABLE mainstay_meta ADD COLUMN place text, ADD COLUMN horizon pg_snapshot, ADD COLUMN turned_at timestamptz;

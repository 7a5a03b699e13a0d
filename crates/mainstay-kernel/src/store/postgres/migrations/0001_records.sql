-- Who this database is. A restore raises the epoch, which ends what was handed out before it.
CREATE TABLE mainstay_meta (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    system uuid NOT NULL DEFAULT gen_random_uuid(),
    epoch bigint NOT NULL DEFAULT 1
);
INSERT INTO mainstay_meta DEFAULT VALUES;

-- The answer of each request that may be repeated. Not partitioned: a unique key would have to hold
-- the partition's column. The id is never time-ordered: neighbours would make strangers conflict.
CREATE TABLE mainstay_result (
    id uuid PRIMARY KEY,
    path text NOT NULL,
    input bytea NOT NULL,
    status integer NOT NULL,
    head text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX mainstay_result_expiry ON mainstay_result (expires_at);

-- What row triggers saw, for live queries. Old changes leave by whole partitions; the default one
-- takes what no partition was made for.
CREATE SEQUENCE mainstay_change_seq;
CREATE TABLE mainstay_change (
    seq bigint NOT NULL DEFAULT nextval('mainstay_change_seq'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    model text NOT NULL,
    id text NOT NULL,
    before jsonb,
    after jsonb,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (at);
ALTER SEQUENCE mainstay_change_seq OWNED BY mainstay_change.seq;
CREATE TABLE mainstay_change_rest PARTITION OF mainstay_change DEFAULT;

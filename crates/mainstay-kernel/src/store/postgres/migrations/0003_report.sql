-- How far tasks have come, as their workers say.
CREATE TABLE mainstay_progress (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    said text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX mainstay_progress_expires ON mainstay_progress (expires_at);

-- What tasks gave that ended well. Apart from what they said on the way: this is written in the transaction that ends the
-- task, which may have begun before its worker's last word.
CREATE TABLE mainstay_report (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    progress text,
    value text,
    ended_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX mainstay_report_expires ON mainstay_report (expires_at);

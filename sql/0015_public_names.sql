-- Whether a server takes names that no public CA may certify.

-- Servers that are there already go on as they were.
ALTER TABLE acme.server
    ADD COLUMN names text NOT NULL DEFAULT 'any' CHECK (names IN ('public', 'any'));
COMMENT ON COLUMN acme.server.names IS 'public: names that no public CA may certify (.internal, unknown top-level domains, …) can neither be bought nor ordered; any: they can.';

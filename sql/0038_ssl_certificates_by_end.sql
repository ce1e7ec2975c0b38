-- Certificates of SSL orders by their end: those of ACME orders are a hundred times as many.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX certificate_ssl_end ON ca.certificate (not_after, serial) WHERE order_id IS NULL;

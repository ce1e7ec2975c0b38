-- What one person did, the newest first. Events of clients and jobs are too many to pay for it.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX event_person ON audit.event (actor, id)
 WHERE actor LIKE 'operator:%' OR actor LIKE 'reseller:%';

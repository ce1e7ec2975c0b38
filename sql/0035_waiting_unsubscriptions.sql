-- Unsubscriptions that wait for an operator.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX unsubscription_waiting ON ssl.unsubscription (id) WHERE status = 'waiting';

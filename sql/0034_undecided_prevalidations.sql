-- Pre-validations that wait for an operator.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX prevalidation_undecided ON organization.prevalidation (number)
 WHERE state IN ('requested', 'in_validation');

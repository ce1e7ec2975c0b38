-- What is queued here is due in 2100 only.
INSERT INTO job.queue
       (priority, queue_manager_id, created, updated, heartbeat, execute_after, status, entrypoint,
        dedupe_key, payload, headers, attempts, slot) VALUES
    (0, NULL, '2026-03-01 11:59:00+00', '2026-03-01 11:59:00+00', '2026-03-01 11:59:00+00',
     '2100-01-01 00:00:00+00', 'queued', 'licence-expiry', 'licence-expiry/1',
     '{"subject": "1", "due_at": "2026-03-01T11:59:00Z"}', NULL, 0, NULL),
    (0, md5('process')::uuid, '2026-03-01 11:58:00+00', '2026-03-01 11:59:00+00',
     '2100-01-01 00:00:00+00', '2026-03-01 11:58:00+00', 'picked', 'prevalidation-warning',
     'prevalidation-warning/2', '{"subject": "2", "due_at": "2026-03-01T11:58:00Z"}', '{"from": "look"}', 1, 1),
    (0, NULL, '2026-02-01 11:58:00+00', '2026-02-01 12:59:00+00', '2026-02-01 12:59:00+00',
     '2026-02-01 12:59:00+00', 'failed', 'prevalidation-renewal', 'prevalidation-renewal/3',
     '{"subject": "3", "due_at": "2026-02-01T11:58:00Z"}', NULL, 10, NULL);

INSERT INTO job.log (created, job_id, status, priority, entrypoint, traceback, aggregated)
SELECT updated, id, 'failed', priority, entrypoint, '{"exception_message": "no answer"}', true
  FROM job.queue
 WHERE status = 'failed';

INSERT INTO job.schedule (expression, entrypoint, last_run, status) VALUES
    ('*/5 * * * *', 'clean-up', '2026-03-01 11:55:00+00', 'queued'),
    ('*/10 * * * *', 'ledger-check', '2026-03-01 11:50:00+00', 'picked');

INSERT INTO job.statistics (created, count, priority, status, entrypoint) VALUES
    ('2026-03-01 11:55:00+00', 3, 0, 'successful', 'clean-up');

UPDATE subscription.subscription
   SET due_at = expires_at - interval '30 days'
 WHERE superseded_at IS NULL
   AND expires_at > '2026-04-01 00:00:00+00';

UPDATE organization.prevalidation
   SET warned_days = 30
 WHERE state = 'expired';

INSERT INTO operation.bulk_revocation
       (id, criterion, value, reason, why, actor, source, status, total, done, failed, prepared_at,
        started_at, ended_at)
SELECT md5('bulk ' || number)::uuid, criterion, value, reason, 'ticket 4711', 'operator:ann',
       '192.0.2.20', status, total, done, failed, '2026-02-20 10:00+00', started_at::timestamptz,
       ended_at::timestamptz
  FROM (VALUES
       (1, 'name', 'shop.example.com', 4, 'prepared', 0, 0, 0, NULL, NULL),
       (2, 'key', repeat('0a', 32), 1, 'done', 3, 2, 1, '2026-02-20 10:01+00', '2026-02-20 10:02+00'),
       (3, 'account', 'filledDV', 5, 'cancelled', 0, 0, 0, NULL, '2026-02-20 10:02+00'),
       (4, 'credential', 'filledDV', 9, 'cancelled', 5, 1, 0, '2026-02-20 10:01+00', '2026-02-20 10:02+00'),
       (5, 'serials', '', 3, 'done', 0, 0, 0, '2026-02-20 10:01+00', '2026-02-20 10:02+00'),
       (6, 'serials', '', 0, 'running', 1, 0, 1, '2100-01-01 00:00+00', NULL))
       AS made (number, criterion, value, reason, status, total, done, failed, started_at, ended_at);

INSERT INTO operation.bulk_revocation_item (bulk_revocation_id, serial, outcome, problem) VALUES
    (md5('bulk 2')::uuid, 'b1', 'revoked', NULL),
    (md5('bulk 2')::uuid, 'b2', 'before', NULL),
    (md5('bulk 2')::uuid, 'b3', 'failed', 'there is no such certificate'),
    (md5('bulk 6')::uuid, 'b3', 'failed', 'there is no such certificate'),
    (md5('bulk 4')::uuid, 'b4', NULL, NULL);

INSERT INTO notice.attempt
       (destination_id, notice_number, number, at, milliseconds, status, answer, problem)
SELECT delivery.destination_id, delivery.notice_number, made.number, '2026-02-02 10:00+00', 120,
       made.status, made.answer, made.problem
  FROM notice.delivery
 CROSS JOIN (VALUES (1, 500, 'Internal Server Error', 'the receiver answered 500'),
                    (2, NULL, '', 'no answer within 10 seconds'),
                    (3, 204, '', NULL)) AS made (number, status, answer, problem)
 WHERE delivery.destination_id = md5('destination fails')::uuid;

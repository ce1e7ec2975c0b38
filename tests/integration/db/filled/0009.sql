INSERT INTO notice.setting (reseller_id, low_balance) VALUES (md5('reseller filled')::uuid, 250.00);

INSERT INTO notice.destination
       (id, reseller_id, channel, address, encrypted_secret, kinds, status, created_at, attempt_at,
        leased, failures, failing_since, last_error, parked_at)
SELECT md5('destination ' || name)::uuid, md5('reseller filled')::uuid, channel, address,
       CASE channel WHEN 'webhook' THEN
           'gAAAAABndIWAAAECAwQFBgcICQoLDA0OD9lHHe25KHHVUW3LvSsqAKcLcAJeSwmiBlu8_B_a91B5fBRTXTj-zEBOseZvS2Had7iNT4JpTgXSgOcBCNEjog_SkMqvhIwUJhj5sg1x-HuL'::bytea END,
       '{subscription.expiring,issuance.refused}', status, '2025-06-01 09:00+00',
       attempt_at::timestamptz, leased, failures, failing_since::timestamptz, last_error,
       parked_at::timestamptz
  FROM (VALUES
       ('works', 'mail', 'ann@example.com', 'active', NULL, false, 0, NULL, NULL, NULL),
       ('fails', 'webhook', 'https://hooks.example.com/a', 'active', '2100-01-01 00:00+00', true, 3,
        '2026-03-01 10:00+00', 'no answer', NULL),
       ('parked', 'webhook', 'https://hooks.example.com/b', 'parked', NULL, false, 50,
        '2026-01-01 10:00+00', 'HTTP 410', '2026-01-08 10:00+00'),
       ('removed', 'webhook', 'https://hooks.example.com/c', 'removed', NULL, false, 0, NULL, NULL, NULL))
       AS made (name, channel, address, status, attempt_at, leased, failures, failing_since,
                last_error, parked_at);

INSERT INTO notice.notice (id, reseller_id, kind, subject, due_at, data, once, event_id)
SELECT md5('notice ' || event.id)::uuid, md5('reseller filled')::uuid, 'issuance.refused',
       'filledGrace', event.at, '{"acmeAccountID": "filledGrace", "reason": "subscription_expired"}',
       'issuance.refused/filledGrace/2026-02-02', event.id
  FROM audit.event
 WHERE event.action = 'issuance.refused';

INSERT INTO notice.refusal_told (kid, day, reason, name, event_id)
SELECT 'filledGrace', '2026-02-02', 'subscription_expired', subject, id
  FROM audit.event
 WHERE action = 'issuance.refused';

INSERT INTO notice.delivery (destination_id, notice_number, status, attempts, delivered_at)
SELECT md5('destination ' || made.name)::uuid, notice.number, made.status, attempts,
       delivered_at::timestamptz
  FROM notice.notice
 CROSS JOIN (VALUES ('works', 'delivered', 1, '2026-02-02 10:00:02+00'),
                    ('fails', 'pending', 3, NULL),
                    ('removed', 'skipped', 0, NULL)) AS made (name, status, attempts, delivered_at);

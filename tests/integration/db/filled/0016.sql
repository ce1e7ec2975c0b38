INSERT INTO audit.refusal
       (hour, key, door, request, reason, told, why, login, subject, proven, names, source, times,
        first_at, last_at)
SELECT '2026-03-01 10:00+00', md5('refusal ' || door)::uuid, door, request, reason, told, why, login,
       subject, proven, names::text[], '192.0.2.10', times, '2026-03-01 10:05+00', '2026-03-01 10:55+00'
  FROM (VALUES
       ('acme', 'newOrder', 'subscription_expired', 'expired on 2026-02-14', '', NULL, 'filledGrace', true, '{grace.example.com}', 24),
       ('actions', 'ADDDOMAIN', 'not_enough_credit', 'not enough credit', '', 'filled', 'filledDV', true, '{dear.example.com}', 1),
       ('products', 'AutoApplyOrder', 'login_refused', 'login failed', 'locked', 'barred', NULL, false, '{}', 2),
       ('certificates', 'POST', 'login_refused', 'token refused', '', NULL, NULL, false, '{}', 1),
       ('plain', '/v2/DV', 'https_needed', 'use https', '', NULL, NULL, false, '{}', 3))
       AS made (door, request, reason, told, why, login, subject, proven, names, times);

INSERT INTO audit.refusal
       (hour, key, door, request, reason, told, why, proven, names, times, first_at, last_at) VALUES
    ('2026-03-01 11:00+00', md5('refusal of reseller')::uuid, 'reseller', 'ADDDOMAIN', 'unknown_action',
     'unknown action', '', false, '{}', 1, '2026-03-01 11:05+00', '2026-03-01 11:05+00');

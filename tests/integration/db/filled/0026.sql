INSERT INTO operation.operator
       (id, name, role, password_hash, status, failed_logins, locked_until, created_at) VALUES
    (md5('operator ann')::uuid, 'ann', 'admin', '$argon2id$v=19$m=8,t=1,p=1$/dnp6e1po1zJj9ZKu9b55Q$iUrSqHzpb0aatcyCe/Av5JOOIZqW/GNRbOAc6j2ZqbA',
     'active', 0, NULL, '2025-01-02 08:00+00'),
    (md5('operator bob')::uuid, 'bob', 'support', '$argon2id$v=19$m=8,t=1,p=1$/dnp6e1po1zJj9ZKu9b55Q$iUrSqHzpb0aatcyCe/Av5JOOIZqW/GNRbOAc6j2ZqbA',
     'suspended', 3, '2026-03-01 12:15+00', '2025-01-02 08:00+00'),
    (md5('operator eve')::uuid, 'eve', 'auditor', '$argon2id$v=19$m=8,t=1,p=1$/dnp6e1po1zJj9ZKu9b55Q$iUrSqHzpb0aatcyCe/Av5JOOIZqW/GNRbOAc6j2ZqbA',
     'active', 0, NULL, '2025-01-02 08:00+00');

INSERT INTO operation.session
       (id, token_hash, operator_id, reseller_id, credential, half_open, opened_at, seen_at, ends_at,
        source, client, kept) VALUES
    (md5('session 1')::uuid, sha256('token 1'), md5('operator ann')::uuid, NULL, sha256('hash'), false,
     '2026-03-01 08:00+00', '2026-03-01 11:59+00', '2100-01-01 00:00+00', '192.0.2.20', 'Firefox', '{"once": "1"}'),
    (md5('session 2')::uuid, sha256('token 2'), NULL, md5('reseller filled')::uuid, sha256('hash'), true,
     '2026-03-01 08:00+00', '2026-03-01 11:59+00', '2100-01-01 00:00+00', NULL, '', NULL);

INSERT INTO acme."order" (id, account_id, status, profile, expires_at, created_at) VALUES
    (md5('order of grace')::uuid, 'filledGrace', 'pending', 'classic', '2026-03-07 09:00+00', '2026-02-28 09:00+00');
INSERT INTO acme.authorization (id, account_id, name, status, expires_at, created_at) VALUES
    (md5('authorization of grace')::uuid, 'filledGrace', 'grace.example.com', 'pending', '2026-03-07 09:00+00', '2026-02-28 09:00+00');
INSERT INTO acme.order_identifier (order_id, position, name, authorization_id) VALUES
    (md5('order of grace')::uuid, 0, 'grace.example.com', md5('authorization of grace')::uuid);
INSERT INTO acme.challenge (id, authorization_id, type, token) VALUES
    (md5('challenge of grace')::uuid, md5('authorization of grace')::uuid, 'http-01', 'token4');

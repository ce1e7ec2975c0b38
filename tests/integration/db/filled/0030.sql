INSERT INTO organization.document
       (id, organization_id, name, media_type, sha256, content, sent_at, decided_on) VALUES
    (md5('document 1')::uuid, md5('organization 1')::uuid, 'register.pdf', 'application/pdf', sha256('%PDF-1.7 1'), '%PDF-1.7 1',
     '2026-02-01 09:00+00', (SELECT min(number) FROM organization.prevalidation WHERE organization_id = md5('organization 1')::uuid)),
    (md5('document 2')::uuid, md5('organization 1')::uuid, 'letter.png', 'image/png', sha256('\x89504e470d0a1a0a'), '\x89504e470d0a1a0a',
     '2026-02-02 09:00+00', NULL),
    (md5('document 3')::uuid, md5('organization 2')::uuid, 'extrait.jpg', 'image/jpeg', sha256('\xffd8ff'), '\xffd8ff',
     '2026-02-03 09:00+00', NULL);

INSERT INTO organization.asked_document
       (id, organization_id, text, asked_at, asked_by, answered_by) VALUES
    (md5('asked document 1')::uuid, md5('organization 1')::uuid, 'register extract not older than 3 months',
     '2026-01-31 09:00+00', 'operator:bob', md5('document 1')::uuid),
    (md5('asked document 2')::uuid, md5('organization 2')::uuid, 'letter of the bank', '2026-01-31 09:00+00', 'operator:bob', NULL);

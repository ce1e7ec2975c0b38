INSERT INTO reseller.price (id, account_id, family, item, variant, amount, currency) VALUES
    (md5('price 7')::uuid, md5('reseller euro')::uuid, 'acme', 'OV', 'fqdn', 690.00, 'EUR'),
    (md5('price 8')::uuid, NULL, 'sitelock', '1061', '30', 24.90, 'USD'),
    (md5('price 9')::uuid, NULL, 'ssl', 'LOCAL/OV_SSL_CERT', 'fqdn', 240.00, 'USD');

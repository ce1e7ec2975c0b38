-- The schema has another name; what is in it is as before.
INSERT INTO sitelock.price (id, product, days, amount, currency) VALUES
    (md5('licence price 5')::uuid, 1061, 365, 249.00, 'USD');

"""Accepts connections: usual requests of ACME clients are answered here, the rest by aiohttp.

plain_request.py recognises the usual request, connection.py takes it to the ACME door and sends the
response, which answer.py writes. At the first unusual request aiohttp gets the connection for good.
"""

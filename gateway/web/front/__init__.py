"""Where connections arrive: what ACME clients usually send is answered here, the rest by aiohttp.

plain_request.py recognises the usual request, connection.py carries it to its door and back,
answer.py writes the response. Anything unusual hands the connection over, once and for all.
"""

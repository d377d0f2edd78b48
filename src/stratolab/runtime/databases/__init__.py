"""What runs beside a database, on a laptop and in a function of a lab alike: its set-up, and the test of the way to it.

    splitting  a script's text as the statements that are in it
    setup      scripts run in order, once each, however often it is begun and wherever it was broken off
    examining  name, port, TLS, login, query: which step of a connection fails, and why

A connection is handed in (DB-API), so that no driver is chosen here.
"""

"""Data frames to and from the tables of a database: SQLite, PostgreSQL, MySQL and MariaDB, by one set of words.

    models      kinds of values, columns, the data of a frame as plain Python
    frames      pandas, polars and plain columns, by what they can do: none of them is needed
    dialects    what differs between the databases: names, types, what a column can hold
    protocol    what knows a lab's databases
    address     where a database is: from a URL, a secret, or both; TLS for every host but this one
    connection  an open database: `:name` for values whatever the driver, one meaning of `with`
    opening     the drivers, each loaded when it is wanted
    local       the databases of a local lab: SQLite in its folder, or the server that is configured
    service     write, read, DDL

A value that a database cannot hold as it is ends the call before anything is written; nothing is rounded, cut or
turned into NULL on the way. Names are always quoted, and values never become part of a statement.
"""

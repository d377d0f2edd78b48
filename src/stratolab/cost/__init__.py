"""What things cost on AWS, from one dated price table; locally, what a job would have cost there.

    prices   the table: figures with date, region and source, and the sizes that Fargate has
    service  the price of a job, of a sweep so far, and of the rest of it

Nothing here asks AWS. An amount is a `float` of US dollars at list price, without tax, free tier or savings plan, and
is always told with the table's date and source.
"""

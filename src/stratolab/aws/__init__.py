"""AWS, as the rest of the house sees it: one thin class per service, our own values out, errors named in one place.

`clients` makes boto3's clients, all with the same retries and time-outs; `errors` turns what AWS and boto3 raise
into our errors, by a table. Each service's class takes a client and knows nothing of another service. Whatever
waits is handed a `sleep`, so that tests own the time. This is the only package that imports boto3.
"""

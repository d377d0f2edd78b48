"""What a lab is made of in AWS: from a configuration to CloudFormation's templates, and nothing else.

The story, from the outside in:

1. `catalogue.py` is the door. `stacks(lab)` gives every stack of a lab in the order in which they can be made: its
   name, its template, which outputs of which other stacks it takes, and so what it needs.
2. `stacks/<concern>.py` says what a stack is, as inputs, resources and outputs. `build` is a table of contents; every
   resource is a short function, every statement of a policy a function named for what it allows.
3. `blocks/<kind>.py` makes resources that are safe as they come: what a rule demands of every bucket, key or role is
   written there once. `parts/` holds what only one stack is made of.
4. `values.py` is how stacks meet: an output is a constant of the stack that gives it, taken by naming the constant.
5. `names.py` and `tags.py` give everything its name and its tags, `body.py` makes the template.

What may not happen here: asking AWS, reading a file, looking at a clock. The same configuration gives the same bytes,
so a plan can be made without an account, and a template that was reviewed is the one that is deployed.
"""

"""The stacks of a lab, one module each.

Every module reads the same way:

- constants of its outputs, which other stacks name to take them;
- `build`, a table of contents: inputs, resources, outputs;
- a short function for each resource or family of resources, in the order of `build`.
"""

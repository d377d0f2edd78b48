"""Images: what makes each, as a folder of files with a Dockerfile. Pure, as templates are.

What makes an image is everything in its folder, so the name of an image follows from that: a tag of 24 characters of
its digest. The same lock file, hook, base and Python give the same tag, and an image that has it is never built again.
The code of a project is not in its image: it is brought to each job, so a changed line needs no build.
"""

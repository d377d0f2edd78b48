"""CodeBuild that builds: a buildspec's phases run in a shell, told of as the real service tells of them."""

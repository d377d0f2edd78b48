"""What only one stack is made of, and would make its module too long to read in one go."""

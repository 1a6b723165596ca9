"""Read rows of any tool: find which field holds what, and read one sample a row or lists of samples per problem."""

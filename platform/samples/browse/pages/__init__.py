"""The pages, a file each. A page is a function of the desk and of what was asked; it returns a response."""

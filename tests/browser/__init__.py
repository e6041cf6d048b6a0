"""The product in a real browser, page by page and role by role."""

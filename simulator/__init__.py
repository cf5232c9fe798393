"""A town with known truth: customers, readings, transactions, and when each customer really changed."""

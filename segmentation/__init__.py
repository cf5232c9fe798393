"""The two folds and what they know: indices, quadrants, epochs, decisions, and the log's meaning."""

"""The first model from history: a Spark batch job around the same folds as the stream's."""

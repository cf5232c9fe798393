"""The shell around the folds: Spark carries the local nodes' state, Kafka is the only truth."""

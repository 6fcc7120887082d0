"""Apache Kafka's own server for the tests, fetched from Maven Central by a small pom."""

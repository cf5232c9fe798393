"""Watching: Prometheus metrics, recording rules and alerts, Grafana dashboards."""

"""Answering: the store of events and states, the HTTP API, the live page."""

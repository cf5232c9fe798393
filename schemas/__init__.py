"""Contracts: what crosses a boundary of the service, and the rules that split good rows from bad ones."""

"""The command: what starts, checks and stops everything else; the only package that sees all others."""

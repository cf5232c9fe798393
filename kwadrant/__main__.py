"""``python -m kwadrant`` is the command ``kwadrant``."""

from kwadrant.cli import app

if __name__ == "__main__":
    app()

"""`python -m hpstudy` is the `hpstudy` command."""

from hpstudy.cli import app

if __name__ == "__main__":
    app(prog_name="hpstudy")

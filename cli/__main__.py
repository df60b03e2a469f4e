"""``python -m tfuq_cli`` is ``tfuq``."""

from tfuq_cli.main import main

if __name__ == "__main__":
    main(prog_name="tfuq")

"""`python -m ems` is the command `ems`."""

from ems.cli import main

if __name__ == "__main__":
    main()

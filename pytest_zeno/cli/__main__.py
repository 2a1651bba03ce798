"""Run the command where it is not installed: python -m pytest_zeno.cli."""

from pytest_zeno.cli.main import main

if __name__ == "__main__":
    main()

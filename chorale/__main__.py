"""The command `chorale`, which is `python -m chorale` too."""

import sys


def main() -> None:
    """Run the command line, see `chorale.commands.main`.

    Ctrl-C stops it without a traceback while its modules are still imported, too.
    """
    try:
        from chorale.commands import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("chorale: stopped\n")
        sys.exit(130)  # as StoppedError, which may not be imported yet


if __name__ == "__main__":
    main()

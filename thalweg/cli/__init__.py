"""The command ``thalweg``: one file for each of its commands, and a table of them.

To add a command, write a file and a row:

* The row stands in `COMMANDS` of ``table.py``: the name, what it does in a line, and the file if that has another name
  than the command.  A command's file is loaded when the command is used, and no other, so that all of them start
  quickly; what the file imports at its head costs only those who want it.
* The file has a function ``add(parser)``, which adds arguments to an `argparse.ArgumentParser` of the command's own and
  ends by ``parser.set_defaults(action=...)``: the function that acts.  A file for several commands has an ``add_NAME``
  for each, said in the row.  `options.describe` writes the help, with an example that a test runs; what goes on until
  it is interrupted says ``(Ctrl+C ends)`` in the line that tells where it is.
* The function that acts takes the namespace of what was chosen and gives an exit code of ``codes.py``.  It says what is
  wrong by raising a `ThalwegError`, and never catches to print: ``command.py`` makes messages and codes of errors.

Options have one name each, and are added by the functions of ``options.py``: ``-i/--input``, ``--input-file``,
``-o/--output``, ``--objective``, ``--executor``, ``--timeout``, ``--json``, ``-q/--quiet``, ``--debug``.  Standard
output holds the answer and nothing else, as one JSON document with ``--json``; whatever else is said goes to standard
error, by the functions of ``telling.py``, and how far something is by those of ``progress.py``.  Completion knows an
argument by its ``dest``: see ``completion.py``.
"""

from .command import main

__all__ = ["main"]

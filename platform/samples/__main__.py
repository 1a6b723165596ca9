"""`python -m samples`: the command `samples`, found where its installation is described.

The command line stands above this package, so it is not imported by name.
"""

from importlib.metadata import distribution

(command,) = distribution("samples").entry_points.select(group="console_scripts", name="samples")
command.load()()

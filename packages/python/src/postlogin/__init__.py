"""Runs Auth0 Actions offline: the command line `postlogin`, and a replay of all users on many machines.

`postlogin.spark.replay` is for Spark; `postlogin.arrow.Replay` is for every engine that hands over Arrow data, such as Ray and Daft.
"""

import os
import shutil
import sys
import sysconfig

__all__ = ["PostloginError", "find_program"]


class PostloginError(Exception):
    """What the program reports on stderr, with its exit code."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        # Engines send errors from one process to another.
        return type(self), (self.args[0], self.code)


def find_program():
    """Returns the path of the program: POSTLOGIN_PROGRAM, else that of this wheel, else one in PATH.

    Raises PostloginError if there is none.
    """
    named = os.environ.get("POSTLOGIN_PROGRAM")
    if named:
        return named
    name = "postlogin.exe" if sys.platform == "win32" else "postlogin"
    schemes = [None]
    if hasattr(sysconfig, "get_preferred_scheme"):
        schemes.append(sysconfig.get_preferred_scheme("user"))
    for scheme in schemes:
        folder = sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts")
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    found = shutil.which(name)
    if found is None:
        raise PostloginError(
            "the program `postlogin` is not installed here\n"
            "hint: install the wheel on every machine, or name the program in POSTLOGIN_PROGRAM"
        )
    return found

"""What logins need, as one archive: a machine that runs a part of a replay has no other files of it."""

import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import tempfile
import zipfile

from postlogin import PostloginError

# What no login needs.
LEFT_OUT = {".git", ".postlogin", ".venv", "__pycache__"}

# An engine sends the archive to each of its processes.
LARGEST = 64 << 20


class Bundle:
    """Collects files and folders; `add` returns the path by which the program finds each in the unpacked archive."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self._files = {}
        self._bytes = 0

    def add(self, path):
        """Adds a file or folder, which is relative to the root. What is outside of the root comes into a folder of its own."""
        given = pathlib.Path(path)
        full = (self.root / given).resolve()
        if not full.exists():
            raise PostloginError(f"can't read {path}: there is no such file\nhint: a path is relative to {self.root}")
        try:
            inside = full.relative_to(self.root)
        except ValueError:
            number = hashlib.sha256(str(full).encode()).hexdigest()[:8]
            inside = pathlib.Path("outside") / number / full.name
        if full.is_dir():
            self._folder(full, inside)
        else:
            self._put(inside, full.read_bytes())
        return inside.as_posix()

    def add_text(self, name, text):
        """Adds a file that is not on the disk."""
        self._put(pathlib.Path(name), text.encode())
        return name

    def add_revision(self, revision, label):
        """Adds the root as it is at a revision of git."""
        try:
            prefix = self._git("rev-parse", "--show-prefix").decode().strip()
            content = self._git("archive", "--format=zip", f"{revision}:{prefix}" if prefix else revision, "--")
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"") or str(error).encode()
            raise PostloginError(f"git:{revision}: {said.decode(errors='replace').strip()}") from None
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    self._put(pathlib.Path(label) / name, archive.read(name))
        return label

    def _git(self, *arguments):
        return subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True).stdout

    def _folder(self, full, inside):
        for folder, names, files in os.walk(full):
            names[:] = sorted(set(names) - LEFT_OUT)
            for name in sorted(files):
                path = pathlib.Path(folder) / name
                if path.is_file():
                    self._put(inside / path.relative_to(full), path.read_bytes())

    def _put(self, path, content):
        name = path.as_posix()
        if name in self._files:
            return
        self._bytes += len(content)
        if self._bytes > LARGEST:
            raise PostloginError(
                f"the files of the replay have more than {LARGEST >> 20} MiB\n"
                "hint: name Actions, not a folder with all its packages; `postlogin build` makes one file of an Action and its packages"
            )
        self._files[name] = content

    def pack(self):
        """Returns the archive. The same files make the same bytes."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(self._files):
                archive.writestr(zipfile.ZipInfo(name), self._files[name], zipfile.ZIP_DEFLATED)
        return out.getvalue()


def unpack(content):
    """Unpacks an archive once for all processes of this user, and returns the folder. Only this user can read it."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    digest = hashlib.sha256(content).hexdigest()[:32]
    folder = os.path.join(tempfile.gettempdir(), f"postlogin-{user}-{digest}")
    if not _is_own(folder):
        new = tempfile.mkdtemp(prefix="postlogin-new-")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(new)
        try:
            os.rename(new, folder)
        except OSError:
            # Another process was first.
            shutil.rmtree(new, ignore_errors=True)
            if not _is_own(folder):
                raise PostloginError(f"{folder} is another user's") from None
    return folder


def _is_own(folder):
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    is_ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return os.path.isdir(folder) and not os.path.islink(folder) and is_ours

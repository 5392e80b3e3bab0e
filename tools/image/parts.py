"""What of Debian goes into the image: certificate authorities, time zones, and who wrote what is linked in."""
import hashlib
import pathlib
import re
import subprocess

CA_FOLDER = pathlib.Path("/usr/share/ca-certificates/mozilla")
ZONES = pathlib.Path("/usr/share/zoneinfo")
NOT_ZONES = {"posix", "right", "posixrules", "localtime", "leap-seconds.list", "leapseconds"}
# Seen by the compiler, and nothing of them is in a binary: declarations of the kernel's interface and the compiler.
NOT_INSIDE = re.compile(r"^(linux-libc-dev|libclang-common-.*|clang-.*|llvm-.*)$")


def ca_bundle():
    """Mozilla's list as Debian packs it, in the order of the file names; what an administrator of the building
    machine added to /etc/ssl is not in it."""
    files = sorted(CA_FOLDER.glob("*.crt"))
    if not files:
        raise SystemExit("no certificates in %s: install ca-certificates" % CA_FOLDER)
    return b"".join(file.read_bytes().rstrip(b"\n") + b"\n" for file in files)


def zones():
    """Every compiled zone -> bytes; a zone that is another one's equal -> a link to it, relative."""
    found, first = {}, {}
    for path in sorted(ZONES.rglob("*")):
        name = path.relative_to(ZONES)
        if name.parts[0] in NOT_ZONES or path.is_dir():
            continue
        data = path.read_bytes()
        if data[:4] != b"TZif":
            if name.suffix == ".tab":
                found[str(name)] = data
            continue
        if data in first:
            up = "../" * (len(name.parts) - 1)
            found[str(name)] = up + first[data]
        else:
            first[data] = str(name)
            found[str(name)] = data
    if "Asia/Tokyo" not in found:
        raise SystemExit("no time zones in %s: install tzdata" % ZONES)
    return found


def _owners(paths):
    """Debian packages that own files: path -> package."""
    owners = {}
    paths = sorted(paths)
    for at in range(0, len(paths), 500):
        done = subprocess.run(["dpkg-query", "-S", *paths[at:at + 500]], capture_output=True, text=True,
                              env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
        for line in done.stdout.splitlines():
            if line.startswith("diversion by"):
                continue
            package, _, path = line.partition(": ")
            owners[path] = package.split(",")[0].split(":")[0]
    return owners


def _linked_files(build):
    """Archives on the linker's command lines and headers the compiler read, of what the two programs consist of."""
    commands = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "gleaner", "gleaner-exec"],
                              capture_output=True, text=True, check=True).stdout
    objects = set(re.findall(r" -o (\S+\.o) ", commands))
    files = set(re.findall(r"(/usr/\S+\.(?:a|o))\b", commands))
    for name in set(re.findall(r" -l([a-z0-9_+.-]+)", commands)):
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"):
            if pathlib.Path(folder, "lib%s.a" % name).exists():
                files.add("%s/lib%s.a" % (folder, name))
    for name in re.findall(r"slim/lib(\S+?)\.a\b", commands):
        files.add("/usr/lib/x86_64-linux-gnu/lib%s.a" % name)
    deps = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    inside = False
    for line in deps.splitlines():
        if line and line[0] != " ":
            inside = line.split(":")[0] in objects
        elif inside and line.strip().startswith("/usr/"):
            files.add(str(pathlib.PurePosixPath(line.strip())))
    return files


def _field(package, field):
    return subprocess.run(["dpkg-query", "-W", "-f=${%s}" % field, package], capture_output=True, text=True,
                          check=True).stdout.strip()


def packages(build):
    """Debian packages of which something is in the image: list of {name, version, source, copyright, homepage}."""
    files = _linked_files(build)
    owners = set(_owners(files | {str(pathlib.Path(f).resolve()) for f in files}).values())
    # What the compiler adds on its own: the C and C++ libraries and their start-up code.
    owners |= {"libc6-dev", "ca-certificates", "tzdata"}
    owners |= {p for p in _owners(_runtime()).values()}
    found = []
    for name in sorted(owners):
        if NOT_INSIDE.match(name):
            continue
        text = pathlib.Path("/usr/share/doc", name, "copyright")
        found.append({"name": name, "version": _field(name, "Version"),
                      "source": _field(name, "source:Package") or name, "homepage": _field(name, "Homepage"),
                      "copyright": text.read_bytes() if text.exists() else b""})
    if (isal := build.parent / "deps" / "isal" / "libigzip.a").exists():
        if not (isal.parent / "LICENSE").exists():
            raise SystemExit("no licence beside %s: run tools/isal.sh" % isal)
        version = subprocess.run(["apt-cache", "show", "libisal2"], capture_output=True, text=True).stdout
        number = re.search(r"^Version: (\S+)", version, re.M)
        found.append({"name": "isa-l", "version": number.group(1) if number else "unknown", "source": "libisal",
                      "homepage": "https://github.com/intel/isa-l", "copyright": (isal.parent / "LICENSE").read_bytes(),
                      "sha256": hashlib.sha256(isal.read_bytes()).hexdigest()})
    without = [p["name"] for p in found if not p["copyright"]]
    if without:
        raise SystemExit("no licence text found of: " + ", ".join(without))
    return found


def _runtime():
    """libstdc++, libgcc and libgcc_eh as the compiler finds them."""
    paths = set()
    for name in ("libstdc++.a", "libgcc.a", "libgcc_eh.a"):
        path = subprocess.run(["clang++-16", "-print-file-name=" + name], capture_output=True, text=True).stdout.strip()
        if path.startswith("/"):
            paths.add(str(pathlib.Path(path).resolve()))
    return paths


def licence_names(copyright_text):
    """SPDX-like names out of a machine-readable Debian copyright file; what is no SPDX name becomes a LicenseRef."""
    names = set()
    for raw in re.findall(r"^License:[ \t]*(\S[^\n]*)$", copyright_text.decode(errors="replace"), re.M):
        for name in re.split(r"\s+(?:and|or|with)\s+|\s*,\s*|/", raw.strip()):
            if re.fullmatch(r"[A-Za-z0-9.+-]+", name):
                names.add(name)
    return sorted(names)

"""An OCI image layout as bytes: layers, configuration, manifest, index. Same input, same bytes, on any machine.

Source: the OCI image specification 1.1 (image-layout, manifest, config, layer) and POSIX ustar/pax for the layers."""
import gzip
import hashlib
import io
import json
import pathlib
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BEGINNING = "1970-01-01T00:00:00Z"  # of time: a build's own date would make every build another image


class Tree:
    """The files of one layer: path without leading slash -> (mode, bytes, or a text for a symbolic link, or None
    for a folder). Folders on the way are made."""

    def __init__(self):
        self.files = {}

    def folder(self, path, mode=0o755):
        parent = str(pathlib.PurePosixPath(path).parent)
        if parent != "." and parent not in self.files:
            self.folder(parent)
        self.files[path] = (mode, None)

    def add(self, path, data, mode=0o644):
        parent = str(pathlib.PurePosixPath(path).parent)
        if parent != "." and parent not in self.files:
            self.folder(parent)
        self.files[path] = (mode, data)

    def tar(self):
        """Sorted, owned by root, no times: the same tree is the same archive."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path, (mode, data) in sorted(self.files.items()):
                entry = tarfile.TarInfo(path)
                entry.mode = mode
                if data is None:
                    entry.type = tarfile.DIRTYPE
                    archive.addfile(entry)
                elif isinstance(data, str):
                    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, data, 0o777
                    archive.addfile(entry)
                else:
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
        return out.getvalue()


def to_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Layout:
    """Collects blobs and writes them under a folder."""

    def __init__(self):
        self.blobs = {}

    def blob(self, media_type, data, **more):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def layer(self, tree):
        """@return (descriptor, digest of the uncompressed archive)"""
        archive = tree.tar()
        packed = gzip.compress(archive, 9, mtime=0)
        # Byte 9 of the header is the system that packed: the one thing in it that differs between Python releases.
        packed = packed[:9] + b"\xff" + packed[10:]
        return self.blob(LAYER, packed), "sha256:" + hashlib.sha256(archive).hexdigest()

    def image(self, architecture, trees, config, annotations):
        """@return the descriptor of the manifest"""
        layers, diffs, history = [], [], []
        for name, tree in trees:
            descriptor, diff = self.layer(tree)
            layers.append(descriptor)
            diffs.append(diff)
            history.append({"created": BEGINNING, "created_by": name})
        described = {"created": BEGINNING, "architecture": architecture, "os": "linux", "config": config,
                     "rootfs": {"type": "layers", "diff_ids": diffs}, "history": history}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.blob(CONFIG, to_json(described)),
                    "layers": layers, "annotations": annotations}
        return self.blob(MANIFEST, to_json(manifest), platform={"architecture": architecture, "os": "linux"})

    def write(self, out, manifests, name):
        """Writes the layout with one index. Its tag is in org.opencontainers.image.ref.name; containerd looks for
        the whole name, as Kubernetes completes it."""
        full = name if "/" in name else "docker.io/library/" + name
        inner = self.blob(INDEX, to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}),
                          annotations={"org.opencontainers.image.ref.name": name.rpartition(":")[2],
                                       "io.containerd.image.name": full})
        folder = out / "blobs" / "sha256"
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if "sha256:" + old.name not in self.blobs:
                old.unlink()
        for digest, data in self.blobs.items():
            (folder / digest.split(":")[1]).write_bytes(data)
        (out / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))
        (out / "index.json").write_bytes(to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner]}))
        return inner["digest"]

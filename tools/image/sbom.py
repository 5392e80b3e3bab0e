"""What is in the image, as SPDX 2.3 JSON. Source: spdx.github.io/spdx-spec/v2.3."""
import hashlib
import re

from layout import BEGINNING, to_json
from parts import licence_names


def _id(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def _expression(names):
    """Names Debian uses and SPDX does not know become references; the texts lie in the image."""
    spdx = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "Zlib", "BSL-1.0", "ISC", "OpenSSL", "MPL-2.0",
            "CC0-1.0", "GPL-2.0-only", "GPL-2.0-or-later", "LGPL-2.1-or-later"}
    debian = {"Expat": "MIT", "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only",
              "GPL-3+": "GPL-3.0-or-later", "LGPL-2.1+": "LGPL-2.1-or-later", "zlib": "Zlib", "Boost-1.0": "BSL-1.0"}
    out = []
    for name in names:
        name = debian.get(name, name)
        out.append(name if name in spdx or re.match(r"L?GPL-[23]", name) and name in debian.values()
                   else "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name))
    return " AND ".join(sorted(set(out))) or "NOASSERTION"


def document(version, packages, files):
    """@param files  path in the image -> bytes, of the programs
    @return the document as bytes"""
    listed, relations, references = [], [], set()
    for p in packages:
        licence = _expression(licence_names(p["copyright"]))
        references |= set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", licence))
        entry = {"SPDXID": _id("Package-" + p["name"]), "name": p["name"], "versionInfo": p["version"],
                 "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
                 "licenseConcluded": "NOASSERTION", "licenseDeclared": licence, "copyrightText": "NOASSERTION",
                 "sourceInfo": "Debian source package " + p["source"],
                 "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                   "referenceLocator": "pkg:deb/debian/%s@%s" % (p["name"], p["version"])}]}
        if p["homepage"]:
            entry["homepage"] = p["homepage"]
        listed.append(entry)
        relations.append({"spdxElementId": "SPDXRef-Package-gleaner", "relationshipType": "CONTAINS",
                          "relatedSpdxElement": entry["SPDXID"]})
    listed.append({"SPDXID": "SPDXRef-Package-gleaner", "name": "gleaner", "versionInfo": version,
                   "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
                   "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"})
    described = []
    for path, data in sorted(files.items()):
        described.append({"SPDXID": _id("File-" + path), "fileName": "./" + path, "fileTypes": ["BINARY"],
                          "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
                                        {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()}],
                          "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION"})
        relations.append({"spdxElementId": "SPDXRef-Package-gleaner", "relationshipType": "CONTAINS",
                          "relatedSpdxElement": described[-1]["SPDXID"]})
    inside = hashlib.sha256(to_json([listed, described])).hexdigest()
    return to_json({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": "gleaner-" + version, "documentNamespace": "https://spdx.org/spdxdocs/gleaner-%s-%s" % (version, inside),
        "creationInfo": {"created": BEGINNING, "creators": ["Tool: gleaner-image"]},
        "documentDescribes": ["SPDXRef-Package-gleaner"], "packages": listed, "files": described,
        "hasExtractedLicensingInfos": [
            {"licenseId": name, "name": name[len("LicenseRef-"):],
             "extractedText": "See usr/share/doc/*/copyright in the image."} for name in sorted(references)],
        "relationships": relations})

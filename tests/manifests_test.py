#!/usr/bin/env python3
"""gleaner render, inject, uninject and size as programs, and the manifests under deploy/: those that are made are what
gleaner makes today, and every configuration in them is one gleaner takes.

    manifests_test.py GLEANER [--write]      --write: make them anew"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
# What is made of what: file -> the words behind gleaner.
MADE = {
    "plain/daemonset.yaml": ["render", "-f", "operator/daemonset.yaml", "--network-policy=false"],
    "kustomize/base/daemonset.yaml": ["render", "-f", "operator/daemonset.yaml", "--network-policy=false"],
    "plain/app.yaml": ["inject", "-f", "operator/app.yaml", "--sidecar", "operator/sidecar.yaml"],
    "least-rights/app-pod-logs.yaml": ["inject", "-f", "least-rights/app.yaml", "--sidecar", "least-rights/sidecar.yaml",
                                       "--all", "--pod-logs"],
    "least-rights/app-exec.yaml": ["inject", "-f", "least-rights/app.yaml", "--sidecar", "least-rights/exec-sidecar.yaml",
                                   "--all", "--exec"],
}
CONFIGS = ("operator/daemonset.yaml", "operator/sidecar.yaml", "least-rights/sidecar.yaml", "least-rights/exec-sidecar.yaml")


def run(binary, words, stdin=None, code=0):
    done = subprocess.run([binary, *words], cwd=DEPLOY, input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (words, done.returncode, done.stderr)
    return done


def config_in(rendered):
    """The text of collector.yaml in a rendered ConfigMap."""
    lines = rendered.split("  collector.yaml: |\n")[1].split("\n---\n")[0].splitlines()
    return "\n".join(line[4:] for line in lines) + "\n"


def check_configs(binary):
    for name in CONFIGS:
        text = config_in(run(binary, ["render", "-f", name]).stdout)
        words = ["validate", "--config=env:C"]
        for receiver in ("kubeletstats", "k8s_pod_logs"):  # there is no service account here
            if "  %s:" % receiver in text:
                words.append("--set=receivers.%s.auth_type=none" % receiver)
        done = subprocess.run([binary, *words], capture_output=True, text=True,
                              env={"C": text, "NODE_NAME": "n", "NODE_IP": "127.0.0.1", "POD_NAME": "p", "POD_UID": "u",
                                   "POD_NAMESPACE": "s", "KUBERNETES_SERVICE_HOST": "127.0.0.1",
                                   "KUBERNETES_SERVICE_PORT": "1"})
        assert done.returncode == 0 and "Error" not in done.stderr, (name, done.stderr)


def check_programs(binary, tmp):
    app = (DEPLOY / "operator/app.yaml").read_text()
    sidecar = ["--sidecar", "operator/sidecar.yaml"]
    once = run(binary, ["inject", *sidecar], stdin=app).stdout
    assert once != app and run(binary, ["inject", "-f", "-", *sidecar], stdin=once).stdout == once
    assert run(binary, ["uninject"], stdin=once).stdout == app
    out = tmp / "out.yaml"
    said = run(binary, ["inject", *sidecar, "-o", str(out)], stdin=app)
    assert said.stdout == "" and out.read_text() == once and "Deployment/application: sidecar shop/fargate added" in said.stderr
    both = run(binary, ["inject", "-f", "operator/app.yaml", "-f", "least-rights/app.yaml", *sidecar]).stdout
    assert both.startswith(once + "---\n#") and both.endswith((DEPLOY / "least-rights/app.yaml").read_text())
    # A pod that asks and gets nothing is let through, unless --strict.
    said = run(binary, ["inject"], stdin=app)
    assert said.stdout == app and "no sidecar: namespace shop has no collector of mode sidecar" in said.stderr
    run(binary, ["inject", "--strict"], stdin=app, code=2)
    for words, stdin, want in ((["inject", "-f", "/nowhere"], None, "open /nowhere: no such file or directory"),
                               (["render"], "a: [", "Error: stdin:1:"),
                               (["render"], "a: b", "stdin: has no OpenTelemetryCollector"),
                               (["render", "--kube-version", "new"], "", '"new" is not like 1.30'),
                               (["size", "--region", "mars"], app, "the prices of us-east-1"),
                               (["inject", "--frobnicate"], "", "unknown flag: --frobnicate"),
                               (["inject", "--sidecar", "operator/daemonset.yaml"], "", "is of mode daemonset, not sidecar")):
        said = run(binary, words, stdin=stdin, code=1)
        assert want in said.stderr and said.stdout == "", (words, said.stderr)
    assert "--placement" in run(binary, ["inject", "--help"]).stdout
    sized = run(binary, ["size", "-f", "operator/app.yaml", *sidecar]).stdout
    assert "it is free: the class has room for 40m CPU and 80 MiB" in sized, sized


def main():
    binary, write = str(pathlib.Path(sys.argv[1]).resolve()), "--write" in sys.argv
    for name, words in MADE.items():
        made = run(binary, words).stdout
        if write:
            (DEPLOY / name).write_text(made)
        assert (DEPLOY / name).read_text() == made, "deploy/%s is not what gleaner makes: manifests_test.py --write" % name
        if words[0] == "inject":
            assert run(binary, ["uninject", "-f", name]).stdout == (DEPLOY / words[2]).read_text(), name
    check_configs(binary)
    with tempfile.TemporaryDirectory() as tmp:
        check_programs(binary, pathlib.Path(tmp))
    print("manifests: %d made as they lie in deploy/, %d configurations valid, four programs" % (len(MADE), len(CONFIGS)))


if __name__ == "__main__":
    main()

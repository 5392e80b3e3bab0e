#!/usr/bin/env python3
"""gleaner in a real cluster: a kube-apiserver, a kubelet and containerd on this machine, in namespaces of their own. What
is missing for that (root, Go, the Go modules, containerd) is said in one line, and nothing is run.

    run.py GLEANER [--cached] [--only PART]      --cached: only if the cluster's programs are built already, and only what is quick"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import cluster
import programs

HERE = pathlib.Path(__file__).resolve().parent


def rows():
    """(name, whether it is quick, function of the cluster), in the order in which they run"""
    import image_rows
    import kubelet_rows
    import log_rows
    import manifest_rows
    import operator_rows
    import own_operator_rows
    import pod_rows
    import relay_rows
    import watch_rows
    for module in (kubelet_rows, manifest_rows, image_rows, pod_rows, log_rows, relay_rows, watch_rows,
                   own_operator_rows, operator_rows):
        for name in module.ROWS:
            yield name, name in module.QUICK, getattr(module, name)


def inside(options):
    """In the namespaces, as their first process."""
    there = cluster.Cluster(pathlib.Path(options.inside), options.kubeall)
    done = 0
    for name, quick, row in rows():
        if (options.cached and not quick) or (options.only and options.only not in name):
            continue
        begun = time.monotonic()
        said = row(there)
        print("k8s: %s: %s (%.0f s)" % (name, said, time.monotonic() - begun), flush=True)
        done += 1
    if not done:
        raise SystemExit("no row is called " + options.only)
    print("k8s: %d rows passed" % done, flush=True)


def forget_cgroups():
    """The kubelet's, which nobody is in any more."""
    for _ in range(20):
        left = [p for top in ("kubepods", "k8s.io") for p in pathlib.Path("/sys/fs/cgroup").glob("*/" + top)]
        left += [p for p in (pathlib.Path("/sys/fs/cgroup/kubepods"), pathlib.Path("/sys/fs/cgroup/k8s.io")) if p.exists()]
        if not left:
            return
        for top in left:
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # not empty yet
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gleaner")
    parser.add_argument("--cached", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true", help="leave the logs of everything behind")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--kubeall", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    try:
        programs.needed()
        kubeall = programs.kubeall(build=not options.cached)
    except programs.Missing as why:
        print("k8s: skipped, %s" % why)
        return None
    if not options.cached:
        for more in (programs.helm, programs.operator):
            try:
                more()
            except programs.Missing as why:
                print("k8s: %s" % why)
    work = pathlib.Path(tempfile.mkdtemp(prefix="k8s-"))
    words = ["unshare", "-mnpf", "--kill-child", "--mount-proc", "--propagation", "private", sys.executable, __file__, *sys.argv[1:],
             "--inside", str(work), "--kubeall", str(kubeall)]
    code = subprocess.run(words, env={**os.environ, "GLEANER_BUILD": str(pathlib.Path(options.gleaner).resolve().parent)}).returncode
    forget_cgroups()
    if code == 0 and not options.keep:
        shutil.rmtree(work)
    else:
        print("k8s: what the cluster wrote is in %s" % work)
    return code


if __name__ == "__main__":
    sys.exit(main())

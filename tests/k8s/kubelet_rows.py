"""Statistics of the kubelet through the API server's node proxy: rights, the warning about them, tokens that change."""
import os
import subprocess

import cluster
import written

ROWS = ("rights", "warning", "token_rotation")
QUICK = ("rights", "warning")
CONFIG = """
receivers: {kubeletstats: {collection_interval: 1s, auth_type: %s, endpoint: "https://kubernetes.default.svc/api/v1/nodes/${env:NODE_NAME}/proxy"}}
exporters: {file: {path: /out/m.json, flush_interval: 100ms}}
service: {telemetry: {metrics: {level: none}}, pipelines: {metrics: {receivers: [kubeletstats], exporters: [file]}}}
"""


def rights(there):
    """403 that says what is missing, and numbers as soon as the right is there: nothing is started anew."""
    there.namespace("rights", "web")
    path = there.config("rights", CONFIG % "serviceAccount")
    there.pod("g", "rights", "web", there.container("g", "/gleaner/gleaner", "--config=" + path))
    said = cluster.eventually("a refusal", lambda: [line for line in there.log("g", "rights", "g").splitlines() if "403" in line])[0]
    for part in ("403 Forbidden", "system:serviceaccount:rights:web", "nodes/proxy"):
        assert part in said, said
    assert not list(written.metrics(there.out("g", "m.json")))
    there.allow("rights-proxy", "web", "rights", ["nodes/proxy"])
    names = cluster.eventually("metrics", lambda: {name for _, name, _ in written.metrics(there.out("g", "m.json"))})
    assert "may use nodes/proxy" not in there.log("g", "rights", "g")  # it might not when it started
    there.delete_pod("g", "rights")
    return "403 without the ClusterRole, %d names of metrics with it" % len(names)


def warning(there):
    there.namespace("warned", "web")
    there.allow("warned-proxy", "web", "warned", ["nodes/proxy"])
    path = there.config("warned", CONFIG % "serviceAccount")
    there.pod("w", "warned", "web", there.container("g", "/gleaner/gleaner", "--config=" + path))
    cluster.eventually("metrics", lambda: there.out("w", "m.json"))
    said = cluster.eventually("the warning", lambda: [line for line in there.log("w", "warned", "g").splitlines() if "may use nodes/proxy" in line])
    assert len(said) == 1 and "run commands in every pod" in said[0], said
    there.delete_pod("w", "warned")
    return "said once, and the work goes on"


def token_rotation(there):
    """A token that dies when its Secret does, and the file with the next one: no scrape is lost."""
    there.namespace("turning", "web")
    there.allow("turning-proxy", "web", "turning", ["nodes/proxy"])
    file, tokens = there.work / "token", []

    def next_token(name):
        there.put("v1", "Secret", name, "turning", stringData={"a": "b"})
        uid = there.get("/api/v1/namespaces/turning/secrets/" + name)["metadata"]["uid"]
        tokens.append(there.token("web", "turning", ("Secret", name, uid)))
        coming = file.with_suffix(".new")
        coming.write_text(tokens[-1])
        coming.rename(file)  # as the kubelet does it

    next_token("first")
    out, config = there.work / "turning.json", there.work / "turning.kubeconfig"
    config.write_text(there.kubeconfig({"tokenFile": str(file)}))
    text = CONFIG.replace("/out/m.json", str(out)).replace("https://kubernetes.default.svc/api/v1/nodes/${env:NODE_NAME}/proxy", cluster.NODE)
    process = subprocess.Popen([os.environ["GLEANER_BUILD"] + "/gleaner", "--config=yaml:" + text % "kubeConfig"],
                               env={"KUBECONFIG": str(config), "NODE_NAME": cluster.NODE}, stderr=open(there.work / "turning.log", "wb"))

    def scrapes():
        return out.read_text().count("\n") if out.exists() else 0

    def refused(token):
        return there.ask("GET", "/api/v1/nodes/%s/proxy/stats/summary" % cluster.NODE, token=token)[0] == 401
    cluster.eventually("the first scrapes", lambda: scrapes() >= 2)
    turns = 3
    for i in range(turns):
        next_token("next%d" % i)
        there.ask("DELETE", "/api/v1/namespaces/turning/secrets/" + ("first" if i == 0 else "next%d" % (i - 1)))
        cluster.eventually("the API server to forget the old token", lambda old=tokens[-2]: refused(old), 60, 1)
        before = scrapes()
        cluster.eventually("scrapes with the new token", lambda n=before: scrapes() >= n + 3)
    process.terminate()
    process.wait(timeout=10)
    log = (there.work / "turning.log").read_text()
    assert "401" not in log and "error" not in log.lower(), log
    return "%d tokens died, %d scrapes, none failed" % (turns, scrapes())

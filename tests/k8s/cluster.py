"""A node of Kubernetes with everything real: etcd, API server, kubelet, containerd. It lives in namespaces of its own
(mounts, network, processes) and ends with their first process, which is the test itself."""
import base64
import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import time

import programs

NODE = "fargate-node-a"
NODE_IP = "192.168.77.1"
SERVICE_IP = "10.96.0.1"  # kubernetes.default.svc; on `lo`, so that no kube-proxy is needed
CERTIFICATES = {  # name: (subject, alternative names)
    "apiserver": ("/CN=kube-apiserver", "IP:127.0.0.1,IP:%s,IP:%s,DNS:localhost,DNS:kubernetes.default.svc" % (SERVICE_IP, NODE_IP)),
    "admin": ("/O=system:masters/CN=admin", None),
    "kubelet-client": ("/O=system:masters/CN=apiserver-kubelet-client", None),
    "kubelet": ("/O=system:nodes/CN=system:node:" + NODE, "DNS:%s,IP:%s" % (NODE, NODE_IP)),
    "webhook": ("/CN=webhook", "IP:127.0.0.1,DNS:localhost"),
    "relay": ("/CN=gleaner-relay", "DNS:gleaner-relay.monitoring.svc"),
}
KUBELET = """
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %(ip)s
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %(pki)s/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: %(pki)s/kubelet.crt
tlsPrivateKeyFile: %(pki)s/kubelet.key
cgroupDriver: cgroupfs
failCgroupV1: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
podCIDR: 10.244.0.0/24
resolvConf: %(work)s/resolv.conf
clusterDomain: cluster.local
failSwapOn: false
makeIPTablesUtilChains: false
enforceNodeAllocatable: [pods]
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
imageGCHighThresholdPercent: 100
containerLogMaxSize: 1Mi
containerLogMaxFiles: 3
containerLogMonitorInterval: 3s
nodeStatusUpdateFrequency: 4s
oomScoreAdj: 0
"""
CONTAINERD = """
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%(image)s"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "%(work)s/cni"
"""
PLURALS = {"Namespace": "namespaces", "ServiceAccount": "serviceaccounts", "ConfigMap": "configmaps", "Service": "services", "Pod": "pods",
           "Secret": "secrets", "Role": "roles", "RoleBinding": "rolebindings", "ClusterRole": "clusterroles",
           "ClusterRoleBinding": "clusterrolebindings", "Deployment": "deployments", "DaemonSet": "daemonsets",
           "PodDisruptionBudget": "poddisruptionbudgets",
           "CustomResourceDefinition": "customresourcedefinitions", "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
           "ValidatingWebhookConfiguration": "validatingwebhookconfigurations", "OpenTelemetryCollector": "opentelemetrycollectors"}
# Kinds that are in no namespace.
NOWHERE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}


def run(*words, **more):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, **more).stdout


def eventually(what, test, seconds=30, step=0.1):
    """@return what `test` gives once that is something"""
    end = time.monotonic() + seconds
    while True:
        found = test()
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit("k8s: waited %d s for %s" % (seconds, what() if callable(what) else what))
        time.sleep(step)


class Cluster:
    def __init__(self, work, kubeall):
        self.work, self.kubeall, self.pki = work, kubeall, work / "pki"
        self.processes = {}
        begun = time.monotonic()
        self.sandbox()
        self.certificates()
        self.context = ssl.create_default_context(cafile=self.pki / "ca.crt")
        self.context.load_cert_chain(self.pki / "admin.crt", self.pki / "admin.key")
        self.plain = ssl.create_default_context(cafile=self.pki / "ca.crt")
        self.files()
        self.spawn("etcd", kubeall, "etcd", "--data-dir", work / "etcd", "--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls",
                   "http://127.0.0.1:2379", "--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
                   "--initial-cluster", "default=http://127.0.0.1:2380", "--log-level", "warn", "--unsafe-no-fsync")
        self.start_apiserver()
        self.spawn("containerd", "containerd", "--config", work / "containerd.toml")
        eventually("containerd", lambda: subprocess.run(["ctr", "version"], capture_output=True).returncode == 0)
        programs.image(work / "image.tar")
        run("ctr", "-n", "k8s.io", "images", "import", work / "image.tar")
        self.spawn("kubelet", kubeall, "kubelet", "--config", work / "kubelet.yaml", "--kubeconfig", work / "kubelet.kubeconfig",
                   "--hostname-override", NODE, "--node-ip", NODE_IP)
        eventually(lambda: "the node to be ready: " + self.tail("kubelet"), self.ready, 60)
        print("k8s: a node of Kubernetes %s is ready after %.1f s" % (programs.VERSION, time.monotonic() - begun), flush=True)

    # How it is made.

    def sandbox(self):
        run("ip", "link", "set", "lo", "up")
        run("ip", "addr", "add", SERVICE_IP + "/32", "dev", "lo")
        run("ip", "link", "add", "node0", "type", "bridge")
        run("ip", "addr", "add", NODE_IP + "/24", "dev", "node0")
        run("ip", "link", "set", "node0", "up")
        run("mount", "--make-rshared", "/")
        for folder in ("/var/lib/kubelet", "/var/lib/containerd", "/var/log", "/run/containerd"):
            here = self.work / "fs" / folder[1:]
            here.mkdir(parents=True)
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            run("mount", "--bind", here, folder)
        # The kubelet writes settings of the kernel; it gets copies of them.
        for name in ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"):
            real, copy = pathlib.Path("/proc/sys") / name, self.work / "sysctl" / name
            if real.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(real.read_text())
                run("mount", "--bind", copy, real)

    def certificates(self):
        self.pki.mkdir()
        ca, key = self.pki / "ca.crt", self.pki / "ca.key"
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        run("openssl", "req", "-x509", *new, "-days", 2, "-subj", "/CN=test-authority", "-keyout", key, "-out", ca)
        for name, (subject, names) in CERTIFICATES.items():
            extra = ["-addext", "subjectAltName=" + names] if names else []
            request = run("openssl", "req", *new, "-subj", subject, *extra, "-keyout", self.pki / (name + ".key"))
            run("openssl", "x509", "-req", "-CA", ca, "-CAkey", key, "-days", 2, "-copy_extensions", "copy", "-out", self.pki / (name + ".crt"), input=request)
        run("openssl", "genrsa", "-out", self.pki / "sa.key", 2048)
        run("openssl", "rsa", "-in", self.pki / "sa.key", "-pubout", "-out", self.pki / "sa.pub")

    def files(self):
        values = {"ip": NODE_IP, "pki": self.pki, "work": self.work, "image": programs.IMAGE}
        for folder in ("logs", "cni", "cfg", "out"):
            (self.work / folder).mkdir()
        (self.work / "resolv.conf").write_text("")
        (self.work / "kubelet.yaml").write_text(KUBELET % values)
        (self.work / "containerd.toml").write_text(CONTAINERD % values)
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipam": {
            "type": "host-local", "dataDir": str(self.work / "addresses"), "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}
        (self.work / "cni" / "10-pods.conflist").write_text(json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]}))
        (self.work / "kubelet.kubeconfig").write_text(self.kubeconfig({"client-certificate": str(self.pki / "kubelet.crt"),
                                                                       "client-key": str(self.pki / "kubelet.key")}))

    def kubeconfig(self, user):
        return json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                           "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1", "certificate-authority": str(self.pki / "ca.crt")}}],
                           "users": [{"name": "u", "user": user}]})

    def spawn(self, name, *words, **env):
        log = open(self.work / "logs" / (name + ".log"), "ab")
        self.processes[name] = subprocess.Popen([str(w) for w in words], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                                env={**os.environ, **env})

    def start_apiserver(self):
        self.spawn("apiserver", self.kubeall, "apiserver", "--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0", "--secure-port=443",
                   "--advertise-address=" + NODE_IP, "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC",
                   "--enable-admission-plugins=NodeRestriction", "--client-ca-file=%s/ca.crt" % self.pki,
                   "--tls-cert-file=%s/apiserver.crt" % self.pki, "--tls-private-key-file=%s/apiserver.key" % self.pki,
                   "--kubelet-client-certificate=%s/kubelet-client.crt" % self.pki, "--kubelet-client-key=%s/kubelet-client.key" % self.pki,
                   "--kubelet-certificate-authority=%s/ca.crt" % self.pki, "--kubelet-preferred-address-types=InternalIP",
                   "--service-account-issuer=https://kubernetes.default.svc", "--api-audiences=https://kubernetes.default.svc",
                   "--service-account-key-file=%s/sa.pub" % self.pki, "--service-account-signing-key-file=%s/sa.key" % self.pki)
        eventually(lambda: "the API server: " + self.tail("apiserver"), lambda: self.ask("GET", "/readyz")[0] == 200, 60)

    def stop_apiserver(self):
        """It would wait a minute for watches to end; whoever hangs on them sees the connection cut instead."""
        process = self.processes["apiserver"]
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def tail(self, name):
        return "\n" + (self.work / "logs" / (name + ".log")).read_text(errors="replace")[-3000:]

    # Talking to it.

    def ask(self, method, path, body=None, kind="application/json", token=None):
        """@return (status, body) of the API server; (0, why) when there is none"""
        connection = http.client.HTTPSConnection("127.0.0.1", 443, timeout=30, context=self.plain if token else self.context)
        head = {"Content-Type": kind}
        if token:
            head["Authorization"] = "Bearer " + token
        try:
            connection.request(method, path, body if isinstance(body, (str, bytes, type(None))) else json.dumps(body), head)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error).encode()
        finally:
            connection.close()

    def get(self, path):
        status, body = self.ask("GET", path)
        return json.loads(body) if status == 200 else {}

    def ready(self):
        conditions = self.get("/api/v1/nodes/" + NODE).get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    @staticmethod
    def path(version, kind, name, namespace):
        where = "" if kind in NOWHERE else "/namespaces/" + namespace
        return "/%s/%s%s/%s/%s" % ("apis" if "/" in version else "api", version, where, PLURALS[kind], name)

    def apply(self, text, version, kind, name, namespace="default", dry=False):
        """Server-side apply of one object, YAML or JSON. Fields that do not exist are errors."""
        path = self.path(version, kind, name, namespace) + "?fieldManager=tests&force=true&fieldValidation=Strict" + ("&dryRun=All" if dry else "")
        return self.ask("PATCH", path, text, "application/apply-patch+yaml")

    def put(self, version, kind, name, namespace="default", **rest):
        one = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **({} if kind in NOWHERE else {"namespace": namespace})}, **rest}
        status, body = self.apply(json.dumps(one), version, kind, name, namespace)
        assert status in (200, 201), (status, body)

    def namespace(self, name, *accounts):
        self.put("v1", "Namespace", name)
        self.put("v1", "ConfigMap", "kube-root-ca.crt", name, data={"ca.crt": (self.pki / "ca.crt").read_text()})
        for account in ("default", *accounts):
            self.put("v1", "ServiceAccount", account, name)

    def allow(self, name, account, namespace, resources, verbs=("get",), group="", role_in=None):
        """A role for one account, in one namespace or in all."""
        rbac, where = "rbac.authorization.k8s.io", {"namespace": role_in} if role_in else {}
        kind = "Role" if role_in else "ClusterRole"
        self.put(rbac + "/v1", kind, name, **where, rules=[{"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}])
        self.put(rbac + "/v1", kind + "Binding", name, **where, roleRef={"apiGroup": rbac, "kind": kind, "name": name},
                 subjects=[{"kind": "ServiceAccount", "name": account, "namespace": namespace}])

    def token(self, account, namespace, bound=None, audiences=("https://kubernetes.default.svc",)):
        """A service account's token; `bound`: to which (kind, name, uid)."""
        spec = {"audiences": list(audiences), "expirationSeconds": 600}
        if bound:
            spec["boundObjectRef"] = {"kind": bound[0], "apiVersion": "v1", "name": bound[1], "uid": bound[2]}
        status, body = self.ask("POST", "/api/v1/namespaces/%s/serviceaccounts/%s/token" % (namespace, account),
                                {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
        assert status == 201, (status, body)
        return json.loads(body)["status"]["token"]

    # Pods.

    def config(self, name, text):
        """@return the file's path inside of pods"""
        (self.work / "cfg" / (name + ".yaml")).write_text(text)
        return "/cfg/%s.yaml" % name

    def out(self, pod, name):
        """What a pod wrote to /out/NAME."""
        path = self.work / "out" / pod / name
        return path.read_text() if path.exists() else ""

    def container(self, name, *command, mounts=(), **more):
        env = [{"name": key, "valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in (
            ("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace"), ("POD_UID", "metadata.uid"), ("NODE_NAME", "spec.nodeName"),
            ("NODE_IP", "status.hostIP"))]
        volumes = [("gleaner", "/gleaner"), ("cfg", "/cfg"), ("out", "/out"), *mounts]
        return {"name": name, "image": programs.IMAGE, "command": list(command), "env": env,
                "volumeMounts": [{"name": volume, "mountPath": path} for volume, path in volumes], **more}

    def pod(self, name, namespace, account, *containers, volumes=(), **more):
        """A pod on the node; gleaner's programs are in /gleaner, configurations in /cfg, /out is the pod's own folder here.
        @return the pod, once it has an address"""
        def folder(called, path):
            return {"name": called, "hostPath": {"path": str(path), "type": "DirectoryOrCreate"}}
        spec = {"nodeName": NODE, "serviceAccountName": account, "terminationGracePeriodSeconds": 2, "containers": list(containers),
                "hostAliases": [{"ip": SERVICE_IP, "hostnames": ["kubernetes.default.svc"]}],
                "volumes": [folder("gleaner", programs_folder()), folder("cfg", self.work / "cfg"), folder("out", self.work / "out" / name), *volumes], **more}
        self.put("v1", "Pod", name, namespace, spec=spec)
        path = "/api/v1/namespaces/%s/pods/%s" % (namespace, name)

        def running():
            one = self.get(path)
            return one if one.get("status", {}).get("podIP") and one["status"]["phase"] != "Pending" else None
        return eventually(lambda: "pod %s: %s" % (name, self.get(path).get("status")), running, 60)

    def delete_pod(self, name, namespace):
        path = "/api/v1/namespaces/%s/pods/%s" % (namespace, name)
        self.ask("DELETE", path + "?gracePeriodSeconds=1")
        eventually("the end of pod " + name, lambda: self.ask("GET", path)[0] == 404, 60)

    def log(self, pod, namespace, container, query=""):
        return self.ask("GET", "/api/v1/namespaces/%s/pods/%s/log?container=%s%s" % (namespace, pod, container, query))[1].decode()


def programs_folder():
    return os.environ["GLEANER_BUILD"]


def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))

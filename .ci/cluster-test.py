"""The story of .ci/cluster-test: objects over REST, a watch that follows them, and what the server's own audit log says of
the watcher. Ends with what was seen, or with what was not."""

import collections
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

WORK, PORT, OWN, BINARY = (os.environ[f"ASSAY_{name}"] for name in ("WORK", "PORT", "OWN", "BINARY"))
SERVER = f"https://127.0.0.1:{PORT}"
DATA = f"{WORK}/data"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# More than one page of a list.
ACCOUNTS = 1_100


def call(method, path, body=None, kind="application/json"):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(SERVER + path, method=method, data=data)
    request.add_header("Authorization", "Bearer admin-token")
    request.add_header("Content-Type", kind)
    context = ssl.create_default_context(cafile=f"{WORK}/certs/apiserver.crt")
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return json.load(answer)


def until(what, seconds, ask):
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            found = ask()
        except (urllib.error.URLError, OSError):
            found = None
        if found:
            return time.monotonic() - began
        time.sleep(0.05)
    sys.exit(f"not within {seconds} s: {what}")


def assay(*args):
    return subprocess.run([BINARY, *args, "--data", DATA], capture_output=True, text=True, env=ENV)


def exposure():
    told = assay("assets", "--namespace", "shop", "-o", "json")
    assets = json.loads(told.stdout)["assets"] if told.returncode == 0 else []
    return next((a["exposure"]["value"] for a in assets if a["name"] == "web" and a["kind"] == "Deployment"), None)


def calls():
    with open(f"{WORK}/audit.log") as log:
        events = [json.loads(line) for line in log]
    return [e for e in events if e["user"]["username"] == "watcher"]


until("the API server is ready", 60, lambda: call("GET", "/api/v1/namespaces/default"))
with open(f"{ROOT}/deploy/watch.yaml") as file:
    role = file.read().split("---\n")[0]
call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role.encode(), "application/yaml")
call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    "metadata": {"name": "watcher"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "assay-watch"},
    "subjects": [{"kind": "User", "name": "watcher", "apiGroup": "rbac.authorization.k8s.io"}],
})
call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]}}
call("POST", "/apis/apps/v1/namespaces/shop/deployments", {
    "metadata": {"name": "web"}, "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
})
call("POST", "/api/v1/namespaces/shop/services", {
    "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
})
for n in range(ACCOUNTS):
    call("POST", "/api/v1/namespaces/shop/serviceaccounts", {"metadata": {"name": f"account-{n}"}})
with open(f"{WORK}/kubeconfig", "w") as file:
    json.dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": SERVER, "certificate-authority": f"{WORK}/certs/apiserver.crt"}}],
        "users": [{"name": "u", "user": {"token": "watch-token"}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
    }, file)
ENV = {**os.environ, "KUBECONFIG": f"{WORK}/kubeconfig"}

with open(f"{WORK}/serve.log", "w") as log:
    serve = subprocess.Popen(
        [BINARY, "serve", "--watch", "--listen", f"127.0.0.1:{OWN}", "--data", DATA], stdout=log, stderr=log, env=ENV)
try:
    seen = until("the watch sees the workload, internal", 60, lambda: exposure() == "internal")
    service = "/api/v1/namespaces/shop/services/web"
    call("PATCH", service, {"spec": {"type": "LoadBalancer"}}, "application/merge-patch+json")
    call("PATCH", f"{service}/status", {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}},
         "application/merge-patch+json")
    moved = until("the exposure moves", 20, lambda: exposure() == "exposed")
    call("DELETE", service)
    back = until("the exposure moves back", 20, lambda: exposure() == "internal")
finally:
    serve.terminate()
    serve.wait(10)

asked = calls()
verbs = collections.Counter(e["verb"] for e in asked if e["stage"] != "ResponseStarted")
# Pages of one list are one list.
lists = collections.Counter(e["objectRef"]["resource"] for e in asked if e["verb"] == "list" and "continue=" not in e["requestURI"])
pages = sum(e["verb"] == "list" and "continue=" in e["requestURI"] for e in asked)
# The log tells the beginning and the end of a watch.
begun = [e for e in asked if e["verb"] == "watch" and e["stage"] == "ResponseStarted"]
watches = collections.Counter(e["objectRef"]["resource"] for e in begun)
refused = {e["requestURI"].split("?")[0] for e in asked if e.get("responseStatus", {}).get("code", 200) >= 400}
print(f"seen after {seen:.1f} s; an open Service after {moved:.2f} s, closed after {back:.2f} s")
print(f"{len(lists)} kinds, {sum(lists.values())} lists ({pages} further pages), {sum(watches.values())} watches; verbs {dict(verbs)}")
wrong = []
if set(verbs) - {"get", "list", "watch"}:
    wrong.append(f"it wrote: {dict(verbs)}")
if any(count > 1 for count in [*lists.values(), *watches.values()]):
    wrong.append(f"more than one list or watch: {lists}, {watches}")
if set(lists) != set(watches):
    wrong.append(f"listed and not watched, or the other way round: {set(lists) ^ set(watches)}")
if any(e["objectRef"].get("resource") == "secrets" for e in asked if "objectRef" in e):
    wrong.append("it asked for secrets")
if pages < 2:
    wrong.append(f"{ACCOUNTS} accounts are three pages")
if refused:
    wrong.append(f"refused: {sorted(refused)}")
sys.exit("; ".join(wrong) or 0)

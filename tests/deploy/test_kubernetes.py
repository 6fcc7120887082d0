"""The Kubernetes manifests, checked without a cluster."""

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.docker import healthy
from deploy.local.stack import SERVICES
from services.matcher.metrics import WAITING
from shared.events.metrics import CONSUMER_LAG
from shared.settings import Settings

APIS = ("portal", *SERVICES)
WORKERS = tuple(f"{service}-worker" for service in APIS)
NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
PART_OF = "app.kubernetes.io/part-of"
KUBERNETES = "1.34"
RESTORED = tuple(f"{service}-restored" for service in SERVICES)
JOBS = ("topics", *RESTORED)
BASE = Path(__file__).parents[2] / "deploy" / "kubernetes" / "base"
Manifest = dict[str, Any]
CheckContainer = Callable[[str, list[str], Mapping[str, str]], Settings]

SECRETS = {
    "mongodb": "mongodb://user:secret@one,two,three/?replicaSet=rs&authSource=admin&w=majority",
    "term-key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "portal-key": "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
}


def resources(folder: Path) -> list[Manifest]:
    """Every manifest that a folder's kustomization names."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert kustomization["namespace"] == "entraide"
    files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    return [
        manifest
        for name in kustomization["resources"]
        for manifest in yaml.safe_load_all((folder / name).read_text())
    ]


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    """Every manifest: what runs always, and the jobs of a restore."""
    return [*resources(BASE), *resources(BASE.with_name("restored"))]


def named(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """The manifests of a kind, by name."""
    found = [manifest for manifest in manifests if manifest["kind"] == kind]
    by_name = {manifest["metadata"]["name"]: manifest for manifest in found}
    assert len(by_name) == len(found)
    return by_name


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The pod template of every deployment and job, by name."""
    kinds = ("Deployment", "Job")
    return {
        name: manifest["spec"]["template"]
        for kind in kinds
        for name, manifest in named(manifests, kind).items()
    }


def environment(manifests: list[Manifest], container: Manifest) -> dict[str, str]:
    """What the container's process finds in its environment, with made-up secrets."""
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        found |= named(manifests, "ConfigMap")[source["configMapRef"]["name"]]["data"]
    for variable in container["env"]:
        if "value" in variable:
            found[variable["name"]] = variable["value"]
        else:
            found[variable["name"]] = SECRETS[variable["valueFrom"]["secretKeyRef"]["key"]]
    assert all(isinstance(value, str) for value in found.values()), "quote numbers"
    return found


def selects(selector: Mapping[str, str], pod: Manifest) -> bool:
    """Whether a label selector selects a pod."""
    return selector.items() <= pod["metadata"]["labels"].items()


def test_everything_of_the_plan_is_there(manifests: list[Manifest]) -> None:
    assert set(named(manifests, "Deployment")) == {*APIS, *WORKERS}
    assert set(named(manifests, "Service")) == set(APIS)
    assert set(named(manifests, "PodDisruptionBudget")) == {*APIS, *WORKERS}
    assert set(named(manifests, "Job")) == set(JOBS)
    # Applied by hand, and never with the rest.
    assert set(named(resources(BASE), "Job")) == {"topics"}
    assert named(manifests, "Deployment")["matcher-worker"]["spec"]["replicas"] == 2


@pytest.mark.parametrize("name", [*APIS, *WORKERS, *JOBS])
def test_commands_run_and_variables_are_read(
    manifests: list[Manifest], check_container: CheckContainer, name: str
) -> None:
    (container,) = pods(manifests)[name]["spec"]["containers"]
    settings = check_container(name, container["command"], environment(manifests, container))
    assert settings.topic_replication == 3
    assert settings.topic_min_insync == 2
    if name in WORKERS:
        assert {"name": "metrics", "containerPort": settings.metrics_port} in container["ports"]
        assert settings.ready_file is not None
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert str(settings.ready_file.parent) in mounts


@pytest.mark.parametrize("service", SERVICES)
def test_a_restored_database_is_opened_by_its_own_service(
    manifests: list[Manifest], service: str
) -> None:
    def user(name: str) -> Any:
        (container,) = pods(manifests)[name]["spec"]["containers"]
        (found,) = (v["valueFrom"] for v in container["env"] if v["name"] == "ENTRAIDE_MONGODB")
        return found["secretKeyRef"]

    assert user(f"{service}-restored") == user(service) == user(f"{service}-worker")
    readme = (BASE.parent / "README.md").read_text()
    assert "job/$service-restored" in readme
    assert f"for service in {' '.join(SERVICES)}; do" in readme


def test_no_secret_is_in_the_repository(manifests: list[Manifest]) -> None:
    assert named(manifests, "Secret") == {}
    for data in named(manifests, "ConfigMap").values():
        secret = re.compile("KEY|PASSWORD(?!_FILE)|MONGODB|TOKEN")
        assert not any(secret.search(name) for name in data["data"])


def test_the_readme_says_which_secrets_to_make(manifests: list[Manifest]) -> None:
    needed = {
        (reference["name"], reference["key"])
        for pod in pods(manifests).values()
        for variable in pod["spec"]["containers"][0]["env"]
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    readme = (BASE.parent / "README.md").read_text()
    told = set(re.findall(r"^\| `([\w-]+)` \| `([\w-]+)` \|", readme, re.MULTILINE))
    assert told == needed


@pytest.mark.parametrize("name", [*APIS, *WORKERS, *JOBS])
def test_pods_may_do_little(manifests: list[Manifest], name: str) -> None:
    spec = pods(manifests)[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    dockerfile = (BASE.parents[1] / "docker/Dockerfile").read_text()
    assert f"\nUSER {spec['securityContext']['runAsUser']}\n" in dockerfile
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}
    assert re.fullmatch(r"entraide:\d+\.\d+\.\d+", container["image"])


def test_the_image_is_the_one_of_the_compose_file(manifests: list[Manifest], root: Path) -> None:
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    (image,) = {pod["spec"]["containers"][0]["image"] for pod in pods(manifests).values()}
    assert image == compose["services"]["requests"]["image"]


@pytest.mark.parametrize("name", APIS)
def test_apis_are_probed_and_reached(manifests: list[Manifest], name: str) -> None:
    pod = pods(manifests)[name]
    (container,) = pod["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": healthy.API_PORT}]
    paths = {
        probe: container[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    # A broker that is away must not have the APIs killed: only readiness asks for it.
    assert paths == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    service = named(manifests, "Service")[name]["spec"]
    assert selects(service["selector"], pod)
    assert [port["targetPort"] for port in service["ports"]] == ["http"]


@pytest.mark.parametrize("name", WORKERS)
def test_workers_are_probed_by_their_ready_file(manifests: list[Manifest], name: str) -> None:
    (container,) = pods(manifests)[name]["spec"]["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        command = container[probe]["exec"]["command"]
        assert command == ["python", "-m", "deploy.docker.healthy", "worker"]


def test_selectors_select_their_own_pods_only(manifests: list[Manifest]) -> None:
    templates = pods(manifests)
    for kind in ("Deployment", "PodDisruptionBudget"):
        for name, manifest in named(manifests, kind).items():
            selector = manifest["spec"]["selector"]["matchLabels"]
            assert [n for n, pod in templates.items() if selects(selector, pod)] == [name]


def test_prometheus_finds_the_metrics(manifests: list[Manifest]) -> None:
    for name in (*APIS, *WORKERS):
        pod = pods(manifests)[name]
        (port,) = pod["spec"]["containers"][0]["ports"]
        assert pod["metadata"]["annotations"] == {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(port["containerPort"]),
        }


def test_the_network_lets_through_what_is_needed_and_no_more(manifests: list[Manifest]) -> None:
    policies = named(manifests, "NetworkPolicy")
    assert policies["nothing-by-default"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    templates = pods(manifests)

    def allowed(name: str, direction: str) -> set[int]:
        return {
            port["port"]
            for policy in policies.values()
            if selects(policy["spec"]["podSelector"].get("matchLabels", {}), templates[name])
            for rule in policy["spec"].get(direction, [])
            for port in rule["ports"]
        }

    stores = {53, 9092, 27017}
    for name in (*WORKERS, *JOBS):
        more = {25, 443, 465, 587, 8000} if name == "portal-worker" else set()
        assert allowed(name, "egress") == stores | more
    for name in APIS:
        assert allowed(name, "egress") == {53, 443, 8000, 9092, 27017}
        assert healthy.API_PORT in allowed(name, "ingress")
    for name in WORKERS:
        (port,) = templates[name]["spec"]["containers"][0]["ports"]
        assert port["containerPort"] in allowed(name, "ingress")


def test_labels_say_what_a_pod_is(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests).items():
        labels = pod["metadata"]["labels"]
        assert labels[NAME] == name
        assert labels[PART_OF] == "entraide"
        kind = "job" if name in JOBS else "worker" if name in WORKERS else "api"
        assert labels[COMPONENT] == kind


def test_a_matcher_has_the_memory_that_the_sizing_guide_says(manifests: list[Manifest]) -> None:
    docs = BASE.parents[2] / "docs"
    measured = (docs / "performance.md").read_text()
    rows = re.findall(
        r"^\| ([\d,]+) \| ([\d,]+) MB \| ([\d,]+) MB \| ([\d,]+) MB \|$",
        (docs / "scaling.md").read_text(),
        re.MULTILINE,
    )
    sizes = {
        size: (index, rest, worker)
        for size, index, rest, worker in (
            tuple(int(figure.replace(",", "")) for figure in row) for row in rows
        )
    }

    def held(kind: str, size: str) -> int:
        (row,) = re.findall(rf"^\| engine: {kind} \| {size} \| ([\d,]+) MB", measured, re.MULTILINE)
        return int(row.replace(",", ""))

    for size, named in ((100_000, "100k"), (1_000_000, "1M")):
        assert sizes[size][0] == held("a new request", named) + held("a new offer", named)
    for size, (index, rest, worker) in sizes.items():
        assert rest == round(2 * size * 1770 / 2**20)
        assert worker == index + rest + 230
    (container,) = pods(manifests)["matcher-worker"]["spec"]["containers"]
    asked, limit = (
        int(container["resources"][kind]["memory"].removesuffix("Gi")) * 1024
        for kind in ("requests", "limits")
    )
    assert asked > 1.25 * sizes[100_000][2]
    assert limit > 1.25 * sizes[1_000_000][2]


@pytest.fixture(scope="module")
def autoscaled() -> list[Manifest]:
    """The autoscalers, which an overlay may add."""
    return resources(BASE.with_name("autoscaled"))


def test_autoscaling_follows_the_work_that_workers_share(
    manifests: list[Manifest], autoscaled: list[Manifest]
) -> None:
    (waiting,), (lag,) = WAITING.collect(), CONSUMER_LAG.collect()
    followed = {
        "matcher-worker": waiting.name,
        "requests-worker": lag.name,
        "offers-worker": lag.name,
    }
    scalers = named(autoscaled, "HorizontalPodAutoscaler")
    assert scalers.keys() == followed.keys()
    for name, scaler in scalers.items():
        spec = scaler["spec"]
        target = spec["scaleTargetRef"]
        assert target["name"] == name
        deployment = named(manifests, target["kind"])[name]
        assert target["apiVersion"] == deployment["apiVersion"]
        assert spec["minReplicas"] == deployment["spec"]["replicas"]
        assert spec["maxReplicas"] == Settings.topic_partitions
        (metric,) = spec["metrics"]
        assert metric["pods"]["metric"]["name"] == followed[name]


def test_who_is_scaled_is_not_set_back_by_the_next_apply(
    manifests: list[Manifest], autoscaled: list[Manifest]
) -> None:
    kustomization = yaml.safe_load(
        (BASE.with_name("autoscaled") / "kustomization.yaml").read_text()
    )
    (patch,) = kustomization["patches"]
    assert yaml.safe_load(patch["patch"]) == [{"op": "remove", "path": "/spec/replicas"}]
    assert patch["target"]["kind"] == "Deployment"
    # Kustomize takes the name for a regular expression that the whole name must match.
    patched = {
        name
        for name in named(manifests, "Deployment")
        if re.fullmatch(patch["target"]["name"], name)
    }
    assert patched == named(autoscaled, "HorizontalPodAutoscaler").keys()


def test_the_adapters_rule_serves_what_the_autoscalers_ask_for(
    autoscaled: list[Manifest],
) -> None:
    readme = (BASE.parent / "README.md").read_text()
    (block,) = (b for b in re.findall(r"```yaml\n(.*?)```", readme, re.S) if "seriesQuery" in b)
    (rule,) = yaml.safe_load(block)["rules"]
    served = re.search(r'__name__=~"([^"]+)"', rule["seriesQuery"])
    assert served is not None
    for scaler in named(autoscaled, "HorizontalPodAutoscaler").values():
        for metric in scaler["spec"]["metrics"]:
            assert re.fullmatch(served[1], metric["pods"]["metric"]["name"])
    # The adapter finds a figure's pod by these labels, which the scraping must have set.
    scraping = (BASE.parents[1] / "monitoring" / "README.md").read_text()
    (job,) = (b for b in re.findall(r"```yaml\n(.*?)```", scraping, re.S) if "_sd_configs" in b)
    (discovery,) = yaml.safe_load(job)
    labels = {relabelled.get("target_label") for relabelled in discovery["relabel_configs"]}
    assert {"namespace", "pod"} <= labels
    for label in ("namespace", "pod"):
        assert f'{label}!=""' in rule["seriesQuery"]


@pytest.fixture(scope="module")
def fits() -> Iterator[Callable[[Manifest], None]]:
    """Raise ValidationError unless a manifest has nothing but what its kind's schema knows."""
    with pytest.MonkeyPatch.context() as patch:
        # Each manifest would read megabytes of definitions anew.
        read = functools.cache(kubernetes_validate.utils.schema_contents)
        patch.setattr(kubernetes_validate.utils, "schema_contents", read)
        yield lambda manifest: kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_every_manifest_fits_the_schemas_of_kubernetes(
    manifests: list[Manifest],
    autoscaled: list[Manifest],
    fits: Callable[[Manifest], None],
) -> None:
    for manifest in (*manifests, *autoscaled):
        fits(manifest)


def test_a_field_that_kubernetes_does_not_know_is_found(
    autoscaled: list[Manifest], fits: Callable[[Manifest], None]
) -> None:
    scaler = {**autoscaled[0], "spec": {**autoscaled[0]["spec"], "replicas": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="replicas"):
        fits(scaler)


def test_kubectl_makes_of_an_overlay_what_the_readme_says(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    folder = tmp_path / "overlays" / "yours"
    folder.mkdir(parents=True)
    for name in ("base", "autoscaled"):
        shutil.copytree(BASE.with_name(name), tmp_path / name)
    readme = (BASE.parent / "README.md").read_text()
    (overlay,) = (b for b in re.findall(r"```yaml\n(.*?)```", readme, re.S) if "images:" in b)
    text = f"{overlay}\ncomponents: [../../autoscaled]\n"
    (folder / "kustomization.yaml").write_text(text)
    run = subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    made = [manifest for manifest in yaml.safe_load_all(run.stdout) if manifest]
    for name, deployment in named(made, "Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["image"] == "registry.example/entraide:0.1.0"
        scaled = name in named(made, "HorizontalPodAutoscaler")
        assert ("replicas" not in deployment["spec"]) is scaled
    assert "kafka-1.example:9092" in named(made, "ConfigMap")["entraide"]["data"]["ENTRAIDE_KAFKA"]
    # As the readme says of a restore: the same images, and a job for each service by its name.
    shutil.copytree(BASE.with_name("restored"), tmp_path / "restored")
    (images,) = re.findall(r"^images:\n(?: .*\n)+", overlay, re.MULTILINE)
    text = f"resources: [../../restored]\n{images}"
    restoring = tmp_path / "overlays" / "yours-restored"
    restoring.mkdir()
    (restoring / "kustomization.yaml").write_text(text)
    run = subprocess.run(
        [kubectl, "kustomize", restoring], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for name, job in named(list(yaml.safe_load_all(run.stdout)), "Job").items():
        assert job["metadata"]["labels"][NAME] == name
        assert name in RESTORED
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert container["image"] == "registry.example/entraide:0.1.0"
    # An autoscaler in another namespace would find nothing to scale.
    assert {m["metadata"].get("namespace") for m in made if m["kind"] != "Namespace"} == {
        "entraide"
    }

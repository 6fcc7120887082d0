"""One parser under atheris: `python -m tests.fuzz.guided NAME RUNS`.

libFuzzer changes inputs by what they reach in our own modules, which are instrumented as they are
imported; so nothing of ours may be imported before. It ends the process: with 0 once RUNS inputs
were tried, otherwise where one failed or took more than SECONDS or MEGABYTES of memory. Inputs
that reached something new are kept under build/fuzz/corpus, where the next run goes on.
"""

import sys
from pathlib import Path

import atheris

SECONDS, MEGABYTES, MOST_BYTES = 20, 2048, 16_000

with atheris.instrument_imports(include=["services", "shared", "deploy"]):
    from tests.fuzz.targets import TARGETS


def main(name: str, runs: int, artifacts: str) -> None:
    """Fuzz the parser; does not return."""
    target = TARGETS[name]
    corpus = Path(artifacts) / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(seed)
    for seed in target.seeds:
        target.run(seed)  # what is read once, vocabularies and models, counts for no input
    options = [
        *(sys.argv[0], f"-runs={runs}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}"),
        *(
            f"-max_len={MOST_BYTES}",
            "-len_control=0",
            f"-artifact_prefix={artifacts}/",
            str(corpus),
        ),
    ]
    atheris.Setup(options, target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

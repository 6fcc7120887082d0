"""Text search alone, by others: the top documents for a query's terms over the same corpus.

Each gets the terms as strings (by number where its own way in allows it) and is asked in its own
fastest way from Python on one thread. None filters, changes a document in place, or explains.
"""

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import scipy.sparse

from bench.market import words
from bench.texts import Terms

Corpus = Iterable[Terms]


class Peer(Protocol):
    """A search engine over documents numbered from 0."""

    def __init__(self, corpus: Corpus, strings: Sequence[str]) -> None:
        """Index a corpus whose terms' numbers stand for these strings."""

    def top(self, query: Sequence[str], most: int) -> Sequence[Any]:
        """The best documents, best first, as the engine names them."""


class Bm25s:
    """bm25s 0.3: scores reckoned beforehand, in a sparse matrix."""

    backend = "numpy"

    def __init__(self, corpus: Corpus, strings: Sequence[str]) -> None:
        import bm25s

        # One object a number, or a million texts' numbers would take gigabytes.
        numbers = list(range(len(strings)))
        documents = [
            [numbers[number] for number in np.repeat(terms, counts).tolist()]
            for block in corpus
            for terms, counts in words(block)
        ]
        self._index = bm25s.BM25(backend=self.backend)
        vocabulary = {term: number for number, term in enumerate(strings)}
        self._index.index((documents, vocabulary), show_progress=False)
        self._size = len(documents)

    def top(self, query: Sequence[str], most: int) -> Sequence[int]:
        """The best documents by BM25."""
        most = min(most, self._size)
        found = self._index.retrieve([list(query)], k=most, show_progress=False)
        best: list[int] = found.documents[0].tolist()
        return best


class Bm25sNumba(Bm25s):
    """bm25s with its compiled backend."""

    backend = "numba"


class Tantivy:
    """tantivy 0.27: a full-text engine in Rust, its index in memory, merged after indexing."""

    def __init__(self, corpus: Corpus, strings: Sequence[str]) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
        self._module = tantivy
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        writer = self._index.writer(heap_size=256_000_000, num_threads=1)
        for block in corpus:
            for terms, counts in words(block):
                repeated = np.repeat(terms, counts).tolist()
                text = " ".join([strings[number] for number in repeated])
                writer.add_document(tantivy.Document(text=text))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def top(self, query: Sequence[str], most: int) -> Sequence[Any]:
        """The addresses of the best documents by BM25; the documents are not fetched."""
        made = self._module.Query
        should = self._module.Occur.Should
        wanted = made.boolean_query(
            [(should, made.term_query(self._schema, "text", term)) for term in query]
        )
        return [address for _, address in self._searcher.search(wanted, most, count=False).hits]


class SciPy:
    """TF-IDF by scipy.sparse: the query's row times terms × documents."""

    def __init__(self, corpus: Corpus, strings: Sequence[str]) -> None:
        columns, values, ends, before = [], [], [np.zeros(1, dtype=np.int64)], 0
        for block in corpus:
            columns.append(block.numbers)
            values.append(block.counts)
            ends.append(block.ends + before)
            before += len(block.numbers)
        counted = np.concatenate(values).astype(np.float32)
        pointers = np.concatenate(ends)
        size = len(pointers) - 1
        documents = scipy.sparse.csr_array(
            (1.0 + np.log(counted), np.concatenate(columns), pointers), shape=(size, len(strings))
        )
        often = np.maximum(np.bincount(documents.indices, minlength=len(strings)), 1)
        rarity = np.log(1.0 + size / often).astype(np.float32)
        documents.data *= rarity[documents.indices]
        norms = np.sqrt(np.add.reduceat(documents.data**2, pointers[:-1]))
        documents.data /= np.repeat(norms, np.diff(pointers))
        self._by_term = documents.T.tocsr()
        self._rarity = rarity
        self._numbers = {term: number for number, term in enumerate(strings)}

    def top(self, query: Sequence[str], most: int) -> Sequence[int]:
        """The best documents by the cosine."""
        terms = np.array([self._numbers[term] for term in query])
        asked = scipy.sparse.csr_array(
            (self._rarity[terms], terms, [0, len(terms)]), shape=(1, len(self._numbers))
        )
        found = asked @ self._by_term
        if found.nnz <= most:
            best = np.argsort(-found.data, kind="stable")
        else:
            best = np.argpartition(-found.data, most - 1)[:most]
            best = best[np.argsort(-found.data[best], kind="stable")]
        return found.indices[best].tolist()


def peers() -> dict[str, Callable[[Corpus, Sequence[str]], Peer]]:
    """The peers that are installed, by name."""
    found: dict[str, Callable[[Corpus, Sequence[str]], Peer]] = {"scipy.sparse": SciPy}
    if importlib.util.find_spec("bm25s"):
        found["bm25s"] = Bm25s
        if importlib.util.find_spec("numba"):
            found["bm25s (numba)"] = Bm25sNumba
    if importlib.util.find_spec("tantivy"):
        found["tantivy"] = Tantivy
    return found

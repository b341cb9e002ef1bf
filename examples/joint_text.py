"""Train jointly with text: countries, their relations, and a few sentences about them.

python examples/joint_text.py                                    PyKEEN's Nations and the sentences below
python examples/joint_text.py --data DIR --descriptions TABLE    your own triples, and a table of entity and text
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pykeen.datasets import Dataset, dataset_resolver
from pykeen.pipeline import pipeline
from tabulate import tabulate

from pykeen_conj_hale.datasets import FolderDataset
from pykeen_conj_hale.text import Cooccurrence, Document, JointGloVe, WordVectors, read_descriptions

MENTIONS = {
    "brazil": "Brazil",
    "burma": "Burma",
    "china": "China",
    "cuba": "Cuba",
    "egypt": "Egypt",
    "india": "India",
    "indonesia": "Indonesia",
    "israel": "Israel",
    "jordan": "Jordan",
    "netherlands": ["Netherlands", "Holland"],
    "poland": "Poland",
    "uk": ["United Kingdom", "Britain"],
    "usa": ["United States", "USA"],
    "ussr": ["Soviet Union", "USSR"],
}
SENTENCES = """
The Soviet Union, Poland, Cuba and China had planned economies and communist parties.
The United States, the United Kingdom and the Netherlands were founding members of the western alliance.
The Soviet Union led the eastern alliance, of which Poland was a member.
India was a British colony, Indonesia was a colony of the Netherlands, and Burma was a colony of Britain.
India, Indonesia, Egypt and Burma met at Bandung and did not join an alliance.
Egypt, Jordan and Israel share borders, and Egypt and Jordan fought wars with Israel.
Cuba and Brazil grow sugar and coffee; the United States bought their sugar and coffee.
China and India share a border in the mountains, and so do China and Burma.
The Soviet Union bought sugar from Cuba when the United States did not.
"""


def load(arguments: argparse.Namespace) -> tuple[Dataset, Cooccurrence]:
    """Load triples and count text.

    :param arguments: the command line's
    :returns: the dataset and the co-occurrences
    """
    if arguments.data is None:
        documents = [Document(line) for line in SENTENCES.strip().splitlines()]
        text = Cooccurrence.from_documents(documents, MENTIONS, min_count=1)
        return dataset_resolver.make("nations", create_inverse_triples=True), text
    documents = list(read_descriptions(arguments.descriptions))
    entities: dict[str, list[str]] = {str(document.entity): [] for document in documents}
    text = Cooccurrence.from_documents(documents, entities)
    return FolderDataset(path=arguments.data, create_inverse_triples=True), text


def train(dataset: Dataset, text: Cooccurrence, arguments: argparse.Namespace) -> WordVectors:
    """Train RotE and GloVe's objective on shared embeddings.

    :param dataset: the triples
    :param text: the co-occurrences
    :param arguments: the command line's
    :returns: the vectors of entities and words
    """
    result = pipeline(
        dataset=dataset,
        model="JointGloVe",
        model_kwargs=dict(base="RotE", embedding_dim=arguments.dim, cooccurrence=text),
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs=dict(time_budget=arguments.seconds),
        training_kwargs=dict(batch_size=1024),
        optimizer_kwargs=dict(lr=0.01),
        evaluation_kwargs=dict(batch_size=512),
        random_seed=arguments.seed,
    )
    print(f"\nMRR {result.get_metric('both.realistic.inverse_harmonic_mean_rank'):.3f} on the test triples")
    assert isinstance(result.model, JointGloVe)
    return result.model.word_vectors()


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description="Train a knowledge graph and a text jointly, and look at neighbours.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with train.txt, valid.txt and test.txt")
    parser.add_argument("--descriptions", type=Path, metavar="TABLE", help="entity, tab, text; for --data")
    parser.add_argument("--dim", type=int, default=32, help="real numbers per entity, even (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of training (default: %(default)g)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/joint_text"), help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    if (arguments.data is None) != (arguments.descriptions is None):
        parser.error("--data and --descriptions belong together")
    dataset, text = load(arguments)
    print(text)
    vectors = train(dataset, text, arguments)
    vectors.save_word2vec(arguments.out / "word_vectors.txt")
    chosen = text.entities[:5] + text.words[:5]
    rows = [[token, *(f"{n.token} ({n.value:.2f})" for n in vectors.nearest(token, k=3))] for token in chosen]
    print(tabulate(rows, headers=["token", "nearest", "", ""]))
    print(f"\nAll vectors are in {arguments.out / 'word_vectors.txt'}")


if __name__ == "__main__":
    main()

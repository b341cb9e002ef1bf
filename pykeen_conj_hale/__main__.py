"""``python -m pykeen_conj_hale``: the command line."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="pykeen-conj-hale")

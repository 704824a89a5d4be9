"""Writes eigenvalues.json: linear systems, and what PyDMD says their eigenvalues are.

Run once, where PyDMD is installed: python eigenvalues.py > eigenvalues.json
"""

import json
from importlib.metadata import version

import numpy
from pydmd import HankelDMD

# Rows of a window, windows, rhythms (each a pair of eigenvalues), noise, delay, rank.
CASES = [
    (4, 24, 1, 0.0, 1, 2),
    (4, 24, 2, 0.0, 1, 4),
    (6, 30, 3, 0.0, 2, 6),
    (2, 30, 3, 0.0, 5, 6),
    (1, 40, 2, 0.0, 8, 4),
    (8, 40, 5, 0.0, 3, 10),
    (6, 40, 2, 0.01, 1, 4),
    (6, 40, 2, 0.01, 5, 4),
    (6, 40, 3, 0.05, 5, 10),
    (10, 40, 3, 0.1, 8, 20),
    (12, 48, 2, 0.02, 2, 1),
    (12, 48, 4, 0.2, 4, 15),
]


def system(chance, rows, windows, rhythms, noise):
    """A sum of damped rhythms, a column for each window, rounded so that the file stays short."""
    time = numpy.arange(windows)
    sum_of_rhythms = numpy.zeros((rows, windows))
    for rhythm in range(rhythms):
        angle = (0.25 + 0.6 * rhythm + 0.2 * chance.random()) % numpy.pi
        size = 0.95 + 0.05 * chance.random()
        phase = 2 * numpy.pi * chance.random((rows, 1))
        height = 0.5 + chance.random((rows, 1))
        sum_of_rhythms += height * size**time * numpy.cos(angle * time + phase)
    disturbed = sum_of_rhythms + noise * chance.standard_normal((rows, windows))
    return numpy.round(disturbed, 12 if noise == 0 else 6)


def main():
    chance = numpy.random.default_rng(2026)
    cases = []
    for rows, windows, rhythms, noise, delay, rank in CASES:
        data = system(chance, rows, windows, rhythms, noise)
        model = HankelDMD(svd_rank=rank, d=delay).fit(data)
        cases.append(
            {
                "delay": delay,
                "rank": rank,
                "windows": data.T.tolist(),
                "eigenvalues": [[value.real, value.imag] for value in model.eigs],
            }
        )
    print(json.dumps({"pydmd": version("pydmd"), "numpy": version("numpy"), "cases": cases}))


if __name__ == "__main__":
    main()

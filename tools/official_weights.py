"""The official weights as a `.weights.h5` file, to be scored beside the shipped ones.

    python tools/official_weights.py ../shared/data/official/zero_dce_Epoch99.pth \
        runs/official.weights.h5
    python -m zero_dce_keras.evaluate --data-dir DIR --weights runs/official.weights.h5

Every command also takes the `.pth` itself: `--weights …/zero_dce_Epoch99.pth`. They are
under CC BY-NC 4.0: for comparison, never shipped. See docs/official_weights.md.
"""

import argparse

from zero_dce_keras import load_model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="a .pth file of Zero-DCE or Zero-DCE++")
    parser.add_argument("target", help="the .weights.h5 file to write")
    args = parser.parse_args()
    load_model(args.source).save_weights(args.target)


if __name__ == "__main__":
    main()

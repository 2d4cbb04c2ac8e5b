"""The official weights as a `.weights.h5` file, to be scored beside ours.

    python tools/official_weights.py ../shared/data/official/zero_dce.npz runs/official.weights.h5
    python -m zero_dce_keras.evaluate --data-dir DIR --weights runs/official.weights.h5

They are under CC BY-NC 4.0: for comparison, never shipped.
"""

import argparse

import numpy as np

from zero_dce_keras import ZeroDCE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "source", help="an .npz file with arrays weights/e_conv1.weight …"
    )
    parser.add_argument("target", help="the .weights.h5 file to write")
    args = parser.parse_args()
    arrays = np.load(args.source, allow_pickle=False)
    model = ZeroDCE()
    for k in range(1, 8):
        kernel = arrays[f"weights/e_conv{k}.weight"].transpose(2, 3, 1, 0)  # from OIHW
        bias = arrays[f"weights/e_conv{k}.bias"]
        model.dce_model.get_layer(f"conv_{k}").set_weights([kernel, bias])
    model.save_weights(args.target)


if __name__ == "__main__":
    main()

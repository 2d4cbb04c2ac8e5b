"""Training a model that learns from pairs, by a recipe."""

import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import MIRNet, Recipe, fit, load_model, train
from zero_dce_keras.data import open_splits
from zero_dce_keras.images import read_image
from zero_dce_keras.training.build import build_model
from zero_dce_keras.training.run import make_datasets

TINY = Recipe(
    model="mirnet",
    train_images=4,
    validation_images=2,
    image_size=16,
    crop=True,
    flip=True,
    rotate=True,
    batch_size=4,
    epochs=1,
    num_rrg=1,
    num_mrb=1,
    channels=4,
    block="residual",  # traced in a second; the others take twenty
    learning_rate=1e-2,
    monitor="psnr",
    seed=5,
)


def run(data, output, **changes):
    return train(TINY.replace(**changes), "lol", data, output, verbose=0)


def test_a_run(data, tmp_path, low_light):
    model, history = run(data, tmp_path, epochs=2, mixup=True)
    names = {"total_loss", "charbonnier_loss", "mse", "mae", "psnr", "ssim"}
    logged = set(history.history) - {"learning_rate"}
    assert logged == names | {f"val_{name}" for name in names}
    last = load_model(tmp_path / "last.keras")
    best = load_model(tmp_path / "best.weights.h5")
    assert isinstance(last, MIRNet) and isinstance(best, MIRNet)
    expected = checks.predict(model, low_light)
    np.testing.assert_array_equal(checks.predict(last, low_light), expected)
    assert len(list((tmp_path / "pictures").iterdir())) == 2


def test_validation_is_on_whole_images(data):
    """The training crops; the validation has every pixel, in every epoch the same."""
    splits = open_splits("lol", data, 4, 2)
    training, validation = make_datasets(splits, TINY, build_model(TINY, 4))
    ((low, high),) = training
    assert tuple(low.shape) == tuple(high.shape) == (4, 16, 16, 3)
    epochs = [[np.asarray(low) for low, _ in validation] for _ in range(2)]
    assert [batch.shape for batch in epochs[0]] == [(1, 32, 48, 3)] * 2
    np.testing.assert_array_equal(epochs[0], epochs[1])


def test_crops_are_as_bright_as_in_their_whole_image(data):
    recipe = TINY.replace(normalize_exposure=True, flip=False, rotate=False)
    splits = open_splits("lol", data, 4, 2)
    model = build_model(recipe, 4)
    training, validation = make_datasets(splits, recipe, model)
    (((_, gains), _),) = training
    whole = [
        read_image(pair.low_light)[None] / np.float32(255) for pair in splits.train
    ]
    expected = [np.asarray(model.gains(image)).ravel() for image in whole]
    found = np.asarray(gains).reshape(4, 8)
    np.testing.assert_allclose(
        sorted(found.tolist()), sorted(np.stack(expected).tolist())
    )
    assert len({tuple(row) for row in found.tolist()}) == 4
    ((low, _), *_) = validation  # whole images need none
    assert tuple(low.shape) == (1, 32, 48, 3)


def test_a_run_on_normalised_photographs(data, tmp_path, low_light):
    changes = {"normalize_exposure": True, "denoising_filter": True, "ssim_weight": 0.3}
    model, history = run(data, tmp_path, **changes)
    assert "val_ssim_loss" in history.history
    best = load_model(tmp_path / "best.weights.h5")
    assert best.exposure_normalization is not None and best.ssim_weight == 0.3
    assert best.can_denoise
    expected = checks.predict(model, low_light)
    np.testing.assert_array_equal(checks.predict(best, low_light), expected)


def test_averaged_weights_are_those_saved(data, tmp_path):
    """One step an epoch: the average of both steps, the second from the raw weights."""

    def weights(name, **changes):
        model, _ = run(data, tmp_path / name, **changes)
        return model.get_weights()

    once, twice = weights("once"), weights("twice", epochs=2)
    averaged = weights("averaged", epochs=2, ema=0.75)
    expected = [0.75 * w1 + 0.25 * w2 for w1, w2 in zip(once, twice, strict=True)]
    assert max(np.abs(w1 - w2).max() for w1, w2 in zip(expected, twice)) > 1e-3
    saved = load_model(tmp_path / "averaged" / "last.keras").get_weights()
    best = load_model(tmp_path / "averaged" / "best.weights.h5").get_weights()
    for found in (averaged, saved):
        for weight, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(weight, other, rtol=0, atol=2e-5)
    distances = [
        max(np.abs(w1 - w2).max() for w1, w2 in zip(best, other, strict=True))
        for other in (once, expected)  # the averages after the first and second epoch
    ]
    assert min(distances) < 2e-5


def test_plateau(data, tmp_path):
    """Nothing learnt in the second and third epoch: halved twice."""
    model, _ = run(
        data, tmp_path, epochs=3, plateau_epochs=1, learning_rate=1e-9, monitor="psnr"
    )
    assert float(model.optimizer.learning_rate) == pytest.approx(0.25e-9)


def test_photographs_without_references_are_refused(photo_folder, tmp_path):
    with pytest.raises(
        ValueError, match="mirnet learns from pairs: a folder must have"
    ):
        train(TINY, "folder", photo_folder(), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_start_from_weights(data, tmp_path):
    start = MIRNet(1, 1, 4, "residual")
    start.save_weights(tmp_path / "start.weights.h5")
    model, _ = train(
        TINY.replace(learning_rate=1e-9),
        "lol",
        data,
        tmp_path / "run",
        tmp_path / "start.weights.h5",
        verbose=0,
    )
    for one, other in zip(model.get_weights(), start.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "weights, changes, message",
    [
        ("zero_dce_lol", {}, "zero_dce_lol must hold a MIRNet. Received: a ZeroDCE"),
        (
            None,
            {"channels": 8},
            r"MIRNet .*\(1, 1, 8, 'residual', .*\). Received: \(1, 1, 4",
        ),
    ],
)
def test_start_from_others(data, tmp_path, weights, changes, message):
    if weights is None:
        weights = tmp_path / "start.weights.h5"
        MIRNet(1, 1, 4, "residual").save_weights(weights)
    with pytest.raises(ValueError, match=message):
        train(TINY.replace(**changes), "lol", data, tmp_path / "run", weights)


def test_the_command(data, tmp_path, capsys):
    options = {
        "model": "mirnet",
        "data-dir": data,
        "output": tmp_path / "run",
        "train-images": 4,
        "validation-images": 2,
        "image-size": 16,
        "epochs": 1,
        "num-rrg": 1,
        "num-mrb": 1,
        "channels": 4,
    }
    argv = [text for key, value in options.items() for text in (f"--{key}", str(value))]
    assert fit.main([*argv, "--block", "residual"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "run")]
    model = load_model(tmp_path / "run" / "last.keras")
    assert (type(model), model.block) == (MIRNet, "residual")
    assert keras.optimizers.schedules.CosineDecay is type(
        model.optimizer._learning_rate
    )

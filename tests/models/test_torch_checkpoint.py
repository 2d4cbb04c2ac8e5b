"""Names and shapes of PyTorch onto models; `torch_files` writes the files."""

import checks
import keras
import numpy as np
import pytest
from torch_files import state_dict, tensors, write_legacy, write_zip

from zero_dce_keras import (
    Enhancer,
    MIRNet,
    ZeroDCE,
    ZeroDCEPlusPlus,
    load_model,
    load_torch_checkpoint,
    mirnet_model,
)
from zero_dce_keras.models import load
from zero_dce_keras.models.torch_file import read_torch_checkpoint

MAKERS = {
    "zero_dce": lambda: ZeroDCE(num_iterations=2, filters=4, num_layers=3),
    "plus_plus": lambda: ZeroDCEPlusPlus(filters=4, num_layers=3),
    "mirnet": lambda: MIRNet(num_rrg=1, num_mrb=1, channels=4),
}


# What fits


@pytest.mark.parametrize(
    "name, write",
    [
        ("zero_dce", write_zip),
        ("zero_dce", write_legacy),
        ("plus_plus", write_zip),
        ("mirnet", write_zip),
    ],
)
def test_a_file_gives_what_its_arrays_give(name, write, low_light, tmp_path):
    make = MAKERS[name]
    arrays = state_dict(make())
    expected = load_torch_checkpoint(make(), arrays)
    path = write(tmp_path / "weights.pth", *tensors(arrays))
    loaded = load_torch_checkpoint(make(), path)
    opened = load_model(path)  # which knows the model by the names
    assert type(opened) is type(expected)
    for model in (loaded, opened):
        for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        checks.predict(opened, low_light), checks.predict(expected, low_light)
    )


def test_axes():
    """OIHW to HWIO, and (C, 1, H, W) to (H, W, C, 1)."""
    model = MAKERS["zero_dce"]()
    arrays = state_dict(model)
    load_torch_checkpoint(model, arrays)
    kernel = keras.ops.convert_to_numpy(model.dce_model.get_layer("conv_1").kernel)
    assert kernel[0, 2, 1, 3] == np.float32(arrays["e_conv1.weight"][3, 1, 0, 2])
    model = MAKERS["plus_plus"]()
    arrays = state_dict(model)
    load_torch_checkpoint(model, arrays)
    layer = model.dce_model.get_layer("depthwise_2")
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    weight = arrays["e_conv2.depth_conv.weight"]
    assert kernel[0, 2, 3, 0] == np.float32(weight[3, 0, 0, 2])


class Kinds:
    """A model of one variable of every kind."""

    def __init__(self, **shapes):
        self.rows = [
            (kind, keras.Variable(np.zeros(shape, "float32")), kind)
            for kind, shape in shapes.items()
        ]

    def torch_names(self):
        return [*self.rows, ("filt", None, "ignored")]


def test_other_kinds():
    model = Kinds(transposed_conv=(3, 2, 5, 4), scalar=(1, 1, 7))
    weight = np.random.default_rng(0).random((4, 5, 3, 2))  # IOHW
    arrays = {"transposed_conv": weight, "scalar": np.array([0.25])}
    for extra in ({}, {"filt": np.ones((9, 9))}):
        load_torch_checkpoint(model, {**arrays, **extra})
    kernel, scalar = (keras.ops.convert_to_numpy(row[1]) for row in model.rows)
    assert kernel[2, 1, 3, 0] == np.float32(weight[0, 3, 2, 1])
    np.testing.assert_array_equal(scalar, np.full((1, 1, 7), 0.25, "float32"))


def test_a_variable_of_two_names_must_have_one_value():
    model = Kinds(vector=(2,))
    model.rows.append(("shared", *model.rows[0][1:]))
    load_torch_checkpoint(model, {"vector": np.ones(2), "shared": np.ones(2)})
    with pytest.raises(ValueError, match="shared differs"):
        load_torch_checkpoint(model, {"vector": np.ones(2), "shared": np.zeros(2)})


def test_names_of_parallel_training():
    model = load_torch_checkpoint(Kinds(vector=(2,)), {"module.vector": np.ones(2)})
    assert model.rows[0][1].numpy().tolist() == [1, 1]


def test_files_of_torch_itself(tmp_path, low_light):
    torch = pytest.importorskip("torch")
    model = MAKERS["zero_dce"]()
    state = {
        name: torch.nn.Parameter(torch.tensor(np.float32(array)))
        for name, array in state_dict(model).items()
    }
    expected = checks.predict(load_torch_checkpoint(model, state), low_light)
    for legacy in (False, True):
        path = tmp_path / f"{legacy}.pth"
        torch.save(state, path, _use_new_zipfile_serialization=not legacy)
        found = checks.predict(load_model(path), low_light)
        np.testing.assert_array_equal(found, expected)


# What does not fit


HUGE = {
    "ZeroDCE": {
        "e_conv1.weight": (5000, 1, 1, 1),
        "e_conv2.weight": (1, 1, 1, 1),
        "e_conv3.weight": (3, 1, 1, 1),
    },
    "ZeroDCEPlusPlus": {
        "e_conv1.point_conv.weight": (5000, 1, 1, 1),
        "e_conv2.point_conv.weight": (1, 1, 1, 1),
        "e_conv3.point_conv.weight": (3, 1, 1, 1),
    },
    "MIRNet": {
        "conv_in.weight": (200, 1, 1, 1),
        "body.0.body.0.blocks.0.0.body.0.weight": (1,),
    },
}


@pytest.mark.parametrize("name", HUGE)
def test_models_larger_than_the_file(name, tmp_path, monkeypatch):
    """They are refused before they are built."""
    arrays = {key: np.zeros(shape) for key, shape in HUGE[name].items()}
    path = write_zip(tmp_path / "huge.pth", *tensors(arrays))
    monkeypatch.setattr(load, "_build", None)
    with pytest.raises(ValueError, match=rf"huge\.pth: .* ask for a {name} of"):
        load_model(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ZeroDCE(num_iterations=1, filters=1, num_layers=1),
        lambda: ZeroDCE(num_iterations=9, filters=1, num_layers=1),
        lambda: ZeroDCE(num_iterations=1, filters=1, num_layers=3),
        lambda: ZeroDCE(num_iterations=9, filters=16, num_layers=3),
        lambda: ZeroDCE(num_iterations=1, filters=16, num_layers=9),
        lambda: ZeroDCEPlusPlus(filters=1, num_layers=1),
        lambda: ZeroDCEPlusPlus(filters=64, num_layers=9),
        lambda: MIRNet(1, 1, 4),
        lambda: MIRNet(2, 1, 12),
    ],
)
def test_no_model_is_refused_for_its_size(make):
    """The least number of parameters is not more than there are."""
    model = make()
    shapes = {name: array.shape for name, array in state_dict(model).items()}
    least = model.least_parameters(**model.torch_arguments(shapes))
    assert least <= model.count_params()


@pytest.mark.parametrize(
    "arrays",
    [
        {"e_conv1.weight": np.ones(())},
        {"e_conv1.point_conv.weight": np.ones(()), "e_conv2.point_conv.weight": [1]},
        {"conv_in.weight": np.ones(()), "body.0.body.0.conv_out.weight": np.ones(1)},
    ],
)
def test_kernels_that_are_one_number(arrays, tmp_path):
    content = tensors({name: np.asarray(array) for name, array in arrays.items()})
    path = write_zip(tmp_path / "odd.pth", *content)
    name = next(iter(arrays))
    with pytest.raises(ValueError, match=rf"odd\.pth: .*\('{name}', \(\)\)"):
        load_model(path)


def test_what_does_not_fit_is_named_with_the_file(tmp_path):
    arrays = state_dict(MAKERS["zero_dce"]())
    cases = (
        ({"e_conv2.weight": np.ones((4, 4, 5, 5))}, r"e_conv2\.weight must have shape"),
        ({"e_conv4.weight": np.ones((4, 4, 3, 3))}, "num_layers must be odd"),
        ({"e_conv9.bias": np.ones(3)}, r"has unexpected e_conv9\.bias"),
        ({"fc.weight": np.ones((2, 3))}, r"has unexpected fc\.weight"),
    )
    for change, message in cases:
        path = write_zip(tmp_path / "odd.pth", *tensors(arrays | change))
        with pytest.raises(ValueError, match=rf"odd\.pth: .*{message}") as error:
            load_model(path)
        assert "source" not in str(error.value)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda a: a.pop("e_conv2.bias"), r"misses e_conv2\.bias"),
        (lambda a: a.update({"e_conv9.bias": np.ones(3)}), r"unexpected e_conv9\.bias"),
        (
            lambda a: a.update({"e_conv2.weight": np.ones((4, 4, 5, 5))}),
            r"e_conv2\.weight must have shape \(4, 4, 3, 3\)",
        ),
        (lambda a: a.update({"e_conv2.bias": np.ones((4, 1))}), r"e_conv2\.bias must"),
    ],
)
def test_names_and_shapes_that_do_not_fit(change, message):
    """One line, and the model as it was."""
    model = MAKERS["zero_dce"]()
    before = model.get_weights()
    arrays = state_dict(model)
    change(arrays)
    with pytest.raises(ValueError, match=message) as error:
        load_torch_checkpoint(model, arrays)
    assert "\n" not in str(error.value)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_something_else(tmp_path):
    path = write_zip(tmp_path / "other.pth", *tensors({"fc.weight": np.ones((2, 2))}))
    with pytest.raises(ValueError, match=r"other\.pth: .*ZeroDCE, ZeroDCEPlusPlus"):
        load_model(path)
    path = write_zip(
        tmp_path / "odd.pth", *tensors({"e_conv1.weight": np.ones((5, 3, 3, 3))})
    )
    with pytest.raises(ValueError, match=r"odd\.pth: "):
        load_model(path)


# The official files


@pytest.mark.large
@pytest.mark.parametrize("name", ["zero_dce", "zero_dce_plus_plus"])
def test_official_checkpoints(shared, name):
    with np.load(shared / "data" / "official" / f"{name}.npz") as file:
        official = dict(file)
    path = shared / "data" / "official" / f"{name}_Epoch99.pth"
    arrays = read_torch_checkpoint(path)
    weights = {
        key.removeprefix("weights/") for key in official if key.startswith("weights/")
    }
    assert set(arrays) == weights
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, official[f"weights/{key}"])
    enhanced = official.get("enhanced", official.get("enhanced_scale12"))
    found = checks.predict(load_model(path), official["low_light"])
    np.testing.assert_allclose(found, enhanced, atol=1e-5)
    pixels = [np.rint(255 * image).astype(int) for image in (found, enhanced)]
    np.testing.assert_array_equal(*pixels)


@pytest.mark.large
def test_official_scores_on_three_photographs(shared):
    """Of the 15 that give 14.86 dB."""
    from zero_dce_keras.data import find_pairs
    from zero_dce_keras.evaluation import evaluate_pairs

    test = shared / "data" / "lol" / "eval15"
    known = {"1": 13.8059, "22": 13.1270, "780": 22.4580}
    pairs = [
        pair
        for pair in find_pairs(test / "low", test / "high")
        if pair.low_light.stem in known
    ]
    path = shared / "data" / "official" / "zero_dce_Epoch99.pth"
    results = evaluate_pairs(pairs, Enhancer(load_model(path)))
    found = {each.pair.low_light.stem: each.scores["psnr"] for each in results}
    assert found == pytest.approx(known, abs=1e-3)


# safetensors, and networks alone


@pytest.mark.parametrize("name", ["zero_dce", "mirnet"])
def test_safetensors_give_what_their_arrays_give(name, low_light, tmp_path):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    model, expected = MAKERS[name](), MAKERS[name]()
    arrays = state_dict(expected)
    load_torch_checkpoint(expected, arrays)
    path = tmp_path / "model.safetensors"
    save_file({key: np.ascontiguousarray(arrays[key]) for key in arrays}, path)
    for opened in (load_torch_checkpoint(model, path), load_model(path)):
        np.testing.assert_array_equal(
            checks.predict(opened, low_light), checks.predict(expected, low_light)
        )


def test_damaged_safetensors(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "model.safetensors"
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_model(path)
    path.write_bytes(b"\x08\0\0\0\0\0\0\0not json")
    with pytest.raises(ValueError, match="not a readable safetensors file") as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_what_mirnet_model_returns_takes_a_checkpoint(low_light):
    network, model = mirnet_model(1, 1, 4), MAKERS["mirnet"]()
    arrays = state_dict(model)
    load_torch_checkpoint(network, arrays)
    load_torch_checkpoint(model, arrays)
    for one, other in zip(network.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_without_names_of_pytorch():
    with pytest.raises(ValueError, match="must have torch_names.*Sequential"):
        load_torch_checkpoint(keras.Sequential(), {"a": np.zeros(1)})

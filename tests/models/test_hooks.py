"""Each public method that a subclass overrides is the one that training uses."""

import checks
import keras
import numpy as np
import pytest
from keras import ops

from zero_dce_keras import BilateralDCE, MIRNet, ZeroDCE, ZeroDCEPlusPlus

SMALL = {
    ZeroDCE: checks.MODELS[ZeroDCE].small,
    ZeroDCEPlusPlus: {"scale_factor": 4, "filters": 4, "num_layers": 3},
    # Without the filter, which training leaves out.
    BilateralDCE: {**checks.MODELS[BilateralDCE].small, "denoising_filter": None},
    MIRNet: {"num_rrg": 1, "num_mrb": 1, "channels": 4, "block": "residual"},
}


def logs(model, *data):
    """The logs of a step, and of a validation on the same batch before it."""
    model.compile(learning_rate=1e-3, run_eagerly=keras.backend.backend() != "jax")
    before = model.evaluate(*data, return_dict=True, verbose=0)
    history = model.fit(*data, batch_size=2, verbose=0).history
    step = {name: values[0] for name, values in history.items()}
    for name in before:
        assert step[name] == pytest.approx(before[name], rel=1e-4, abs=1e-6), name
    return step


def twin(model_class, base=ZeroDCE, **arguments):
    """A model of the class with the weights of a plain one, and this one."""
    arguments = {**SMALL[base], **arguments}
    plain, model = base(**arguments), model_class(**arguments)
    model.set_weights(plain.get_weights())
    return model, plain


class Dimmed(ZeroDCE):
    def get_enhanced_image(self, data, output, num_iterations=None):
        return 0.5 * super().get_enhanced_image(data, output, num_iterations)


class DimmedCall(ZeroDCE):
    def call(self, low_light):  # as in keras.io's class: no `training`
        return 0.5 * super().call(low_light)


class CallOfKerasIo(ZeroDCE):
    def call(self, data):
        return 0.5 * self.get_enhanced_image(data, self.dce_model(data))


@pytest.mark.parametrize("base", [ZeroDCE, ZeroDCEPlusPlus, BilateralDCE])
def test_compute_losses(base, low_light, reference):
    class NoSmoothness(base):
        def compute_losses(self, data, output):
            losses = super().compute_losses(data, output)
            losses["total_loss"] -= losses["illumination_smoothness_loss"]
            losses["illumination_smoothness_loss"] *= 0
            return losses

    model, plain = twin(NoSmoothness, base)
    step, expected = (logs(each, low_light, reference) for each in (model, plain))
    assert step["illumination_smoothness_loss"] == 0
    smoothness = expected["illumination_smoothness_loss"]
    assert smoothness > 0
    difference = expected["total_loss"] - smoothness
    assert step["total_loss"] == pytest.approx(difference, rel=1e-5)
    assert_other_step(model, plain)


def assert_other_step(model, plain):
    pairs = zip(model.get_weights(), plain.get_weights(), strict=True)
    assert max(np.abs(one - other).max() for one, other in pairs) > 1e-4


@pytest.mark.parametrize("base", SMALL)
def test_losses_find_the_references(base, low_light, reference):
    """A loss against the references, of any model; of `MIRNet` beside its own."""

    class Paired(base):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.add_tracker("distance_loss")

        def compute_losses(self, data, output):
            losses = super().compute_losses(data, output)
            if self.has_curves:
                output = self.get_enhanced_image(data, output)
            enhanced = ops.clip(output, 0, 1)
            distance = ops.mean(ops.abs(self.batch_reference - enhanced))
            losses["distance_loss"] = 10 * distance
            losses["total_loss"] += losses["distance_loss"]
            return losses

    model, plain = twin(Paired, base)
    assert model.batch_reference is None
    step, expected = (logs(each, low_light, reference) for each in (model, plain))
    assert step["distance_loss"] == pytest.approx(10 * expected["mae"], rel=1e-4)
    total = expected["total_loss"] + step["distance_loss"]
    assert step["total_loss"] == pytest.approx(total, rel=1e-5)
    assert_other_step(model, plain)
    assert model.batch_reference is None


@pytest.mark.parametrize("model_class", [Dimmed, DimmedCall, CallOfKerasIo])
def test_what_enhances(model_class, low_light, reference):
    model, plain = twin(model_class)
    dimmed = 0.5 * checks.predict(plain, low_light)
    exposure = model.loss_weights["exposure_loss"] * np.mean(
        (dimmed.mean(-1).reshape(2, 2, 16, 3, 16).mean((2, 4)) - 0.6) ** 2
    )
    step = logs(model, low_light, reference)
    assert step["mae"] == pytest.approx(np.abs(dimmed - reference).mean(), rel=1e-4)
    assert step["exposure_loss"] == pytest.approx(exposure, rel=1e-4)


def test_a_loss_of_one_s_own(low_light):
    class Own(ZeroDCE):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.add_tracker("bright_loss")

        def compute_losses(self, data, output):
            losses = super().compute_losses(data, output)
            enhanced = self.get_enhanced_image(data, output)
            losses["bright_loss"] = 3 * ops.mean(ops.square(enhanced))
            losses["total_loss"] += losses["bright_loss"]
            return losses

    model, plain = twin(Own)
    bright = 3 * np.mean(checks.predict(plain, low_light) ** 2)
    step, expected = logs(model, low_light), logs(plain, low_light)
    assert step["bright_loss"] == pytest.approx(bright, rel=1e-4)
    total = expected["total_loss"] + bright
    assert step["total_loss"] == pytest.approx(total, rel=1e-4)
    with pytest.raises(ValueError, match="name must be a new one.*bright_loss"):
        model.add_tracker("bright_loss")


def test_a_loss_without_a_tracker(low_light):
    class Forgetful(ZeroDCE):
        def compute_losses(self, data, output):
            return {**super().compute_losses(data, output), "bright_loss": 0.0}

    with pytest.raises(ValueError, match=r"call add_tracker\(name\).*bright_loss"):
        logs(Forgetful(**SMALL[ZeroDCE]), low_light)


@pytest.mark.parametrize("base", [ZeroDCE, ZeroDCEPlusPlus, BilateralDCE])
def test_add_loss(base, low_light, reference):
    class Adding(base):
        def call(self, low_light, training=None):
            enhanced = super().call(low_light, training=training)
            self.add_loss(100 * ops.mean(enhanced))  # the other way: darker
            return enhanced

    model, plain = twin(Adding, base)
    added = 100 * checks.predict(plain, low_light).mean()
    step, expected = (logs(each, low_light, reference) for each in (model, plain))
    total = expected["total_loss"] + added
    assert step["total_loss"] == pytest.approx(total, rel=1e-5)
    assert_other_step(model, plain)


def test_add_loss_in_compute_losses_is_not_added_up(low_light):
    """Each step has its own."""

    class Adding(ZeroDCE):
        def compute_losses(self, data, output):
            self.add_loss(ops.convert_to_tensor(1.0))
            return super().compute_losses(data, output)

    model, plain = twin(Adding)
    for each in (model, plain):
        each.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    data = np.concatenate([low_light] * 3)
    totals = [
        each.fit(data, batch_size=1, epochs=2, verbose=0).history["total_loss"]
        for each in (model, plain)
    ]
    np.testing.assert_allclose(totals[0], np.add(totals[1], 1), rtol=1e-5)


def test_regularizers_are_losses(low_light):
    model, plain = twin(ZeroDCE)
    kernel = model.dce_model.get_layer("conv_1").kernel
    kernel.regularizer = keras.regularizers.L2(0.5)
    added = 0.5 * float(ops.sum(ops.square(kernel)))
    step, expected = logs(model, low_light), logs(plain, low_light)
    total = expected["total_loss"] + added
    assert step["total_loss"] == pytest.approx(total, rel=1e-5)


def test_call_of_mirnet(low_light, reference):
    class Dark(MIRNet):
        def call(self, low_light, training=None):
            return 0.0 * super().call(low_light, training=training)

    model = Dark(**SMALL[MIRNet])
    step = logs(model, low_light, reference)
    assert step["mae"] == pytest.approx(reference.mean(), rel=1e-5)


def test_losses_of_mirnet_see_what_is_not_clipped(low_light, reference):
    class Same(MIRNet):
        def call(self, low_light):
            return super().call(low_light)

    model, plain = twin(Same, MIRNet)
    assert ops.min(model.network(low_light)) < 0
    step, expected = (logs(each, low_light, reference) for each in (model, plain))
    assert step["total_loss"] == pytest.approx(expected["total_loss"], rel=1e-6)


# A `BilateralDCE`, whose training looks at a window of the whole


class DimmedCurves(BilateralDCE):
    def get_enhanced_image(self, data, output, num_iterations=None):
        return 0.5 * super().get_enhanced_image(data, output, num_iterations)


class DimmedPictures(BilateralDCE):
    def call(self, low_light):
        return 0.5 * super().call(low_light)


class OwnCurves(BilateralDCE):
    def call(self, low_light):
        maps = self.curve_maps(low_light)
        return 0.5 * self.get_enhanced_image(low_light, maps)


@pytest.mark.parametrize("model_class", [DimmedCurves, DimmedPictures, OwnCurves])
def test_what_enhances_from_a_miniature(model_class, low_light, reference):
    found = []
    for each in twin(model_class, BilateralDCE, window=32):
        keras.utils.set_random_seed(0)  # one window
        each.compile(learning_rate=1e-3, run_eagerly=keras.backend.backend() != "jax")
        logs = each.fit(low_light, 0 * reference, batch_size=2, verbose=0).history
        assert "psnr" not in logs  # judged in the window
        found.append(logs["charbonnier_loss"][0])
    assert found[0] == pytest.approx(found[1] / 2, rel=0.02)


def test_losses_of_a_window(low_light):
    """What the losses see is all of the same window."""

    class Looking(BilateralDCE):
        def compute_losses(self, data, output):
            found.append((data, output, self.batch_reference))
            return super().compute_losses(data, output)

    found = []
    model = Looking(**SMALL[BilateralDCE], window=16)
    model.losses_and_output(low_light, low_light, training=True)
    data, output, reference = (ops.convert_to_numpy(each) for each in found[0])
    assert data.shape == (2, 16, 16, 3) and output.shape == (2, 16, 16, 2)
    np.testing.assert_array_equal(data, reference)

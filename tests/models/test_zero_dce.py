import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import L2Adam, ZeroDCE, apply_curves, losses

LOSSES = (
    "spatial_consistency_loss",
    "exposure_loss",
    "color_constancy_loss",
    "illumination_smoothness_loss",
)
SCORES = ("mse", "mae", "psnr", "ssim")


def small(**kwargs):
    return checks.small_zero_dce(**kwargs)


def twins(**kwargs):
    """Two models with the same weights."""
    one, other = small(**kwargs), small(**kwargs)
    other.set_weights(one.get_weights())
    return one, other


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def fit(model, *data, **kwargs):
    return model.fit(*data, verbose=0, **kwargs).history


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# What it computes


def test_call_applies_the_curves_of_its_network(low_light):
    model = small(num_iterations=6)
    maps = model.dce_model(low_light)
    assert maps.shape == (2, 32, 48, 18)
    expected = numpy(apply_curves(low_light, maps))
    np.testing.assert_array_equal(numpy(model(low_light)), expected)


def test_intermediate_image_after_four_iterations(low_light):
    model = small(num_iterations=8)
    maps = numpy(model.dce_model(low_light))
    expected = apply_curves(low_light, maps[..., :12])
    halfway = model.get_enhanced_image(low_light, maps, num_iterations=4)
    np.testing.assert_array_equal(numpy(halfway), numpy(expected))
    four = numpy(model(low_light, num_iterations=4))
    np.testing.assert_array_equal(four, numpy(expected))
    whole = numpy(model.get_enhanced_image(low_light, maps))
    np.testing.assert_array_equal(whole, numpy(model(low_light)))
    assert not np.allclose(whole, numpy(expected))


def test_four_weighted_losses_add_up(low_light):
    model = small()
    maps = model.dce_model(low_light)
    losses = {k: float(v) for k, v in model.compute_losses(low_light, maps).items()}
    assert set(losses) == {"total_loss", *LOSSES}
    assert all(losses[name] > 0 for name in LOSSES)
    parts = sum(losses[name] for name in LOSSES)
    assert losses["total_loss"] == pytest.approx(parts, rel=1e-6)


def test_default_weights_are_the_official_ones(low_light):
    official = dict(zip(LOSSES, (1, 10, 5, 200), strict=True))
    assert small().loss_weights == official
    maps = small().dce_model(low_light)
    ones = small(loss_weights=dict.fromkeys(LOSSES, 1)).compute_losses(low_light, maps)
    for name, value in small().compute_losses(low_light, maps).items():
        if name in official:
            assert float(value) == pytest.approx(official[name] * float(ones[name]))


def test_loss_weights_keep_what_they_leave_out(low_light):
    model = small(loss_weights={"exposure_loss": 0})
    assert model.loss_weights == dict(zip(LOSSES, (1, 0, 5, 200), strict=True))
    losses = model.compute_losses(low_light, model.dce_model(low_light))
    assert float(losses["exposure_loss"]) == 0
    with pytest.raises(ValueError, match="loss_weights must .*Received: .*'color'"):
        small(loss_weights={"color": 1})


def test_the_model_passes_its_arguments_to_the_losses(low_light):
    black, maps = np.zeros_like(low_light), np.zeros((2, 32, 48, 6), "float32")
    model = small(well_exposedness=0.42, loss_weights={"exposure_loss": 1})
    exposure = model.compute_losses(black, maps)["exposure_loss"]
    assert float(exposure) == pytest.approx(0.42**2)
    model = small(loss_form="paper", loss_weights={"exposure_loss": 1})
    exposure = model.compute_losses(black, maps)["exposure_loss"]
    assert float(exposure) == pytest.approx(0.6)
    half = black.copy()
    half[:, :, :24] = 1  # of patches of 8, half are white; of 16, a third is half so
    model = small(exposure_patch_size=8, loss_weights={"exposure_loss": 1})
    exposure = model.compute_losses(half, maps)["exposure_loss"]
    assert float(exposure) == pytest.approx((0.6**2 + 0.4**2) / 2)


@pytest.mark.parametrize(
    "arguments",
    [
        {"well_exposedness": 1.5},
        {"well_exposedness": -0.1},
        {"loss_form": "seed"},
        {"exposure_patch_size": 0},
        {"loss_weights": {"exposure_loss": -1}},
        {"loss_weights": {"exposure_loss": float("nan")}},
    ],
    ids=str,
)
def test_errors(arguments):
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))}.* must "):
        ZeroDCE(**arguments)


# How it trains


def test_logs_on_images_alone(low_light):
    model = small()
    history = fit(model, low_light, validation_data=(low_light,))
    names = ("total_loss", *LOSSES)
    assert set(history) == {*names, *(f"val_{name}" for name in names)}


def test_logs_on_pairs(low_light, reference):
    model = small()
    history = fit(model, low_light, reference)
    assert set(history) == {"total_loss", *LOSSES, *SCORES}
    trackers = [metric.name for metric in model.metrics]
    assert trackers == ["total_loss", *LOSSES, *SCORES]


def test_logs_are_those_of_the_images_before_the_step(low_light, reference):
    """Scores on [0, 1] images against the reference, by hand."""
    model = small()
    enhanced = numpy(model(low_light))
    losses = model.compute_losses(low_light, model.dce_model(low_light))
    history = fit(model, low_light, reference)
    for name in ("total_loss", *LOSSES):
        assert history[name][0] == pytest.approx(float(losses[name]), rel=1e-5)
    squares = ((np.float64(reference) - enhanced) ** 2).mean(axis=(1, 2, 3))
    assert history["mse"][0] == pytest.approx(squares.mean(), rel=1e-5)
    psnr = (-10 * np.log10(squares)).mean()
    assert history["psnr"][0] == pytest.approx(psnr, rel=1e-5)
    differences = np.abs(np.float64(reference) - enhanced)
    assert history["mae"][0] == pytest.approx(differences.mean(), rel=1e-5)


def test_evaluate_is_a_mean_over_images_whatever_the_batches(low_light, reference):
    """A last batch that is not full weighs as many images as it holds."""
    three = np.concatenate([low_light, low_light[:1] * 4])
    references = np.concatenate([reference, reference[:1]])
    model = small()
    before = model.get_weights()
    options = {"return_dict": True, "verbose": 0}
    ragged = model.evaluate(three, references, batch_size=2, **options)
    single = model.evaluate(three, references, batch_size=1, **options)
    assert set(ragged) == {"total_loss", *LOSSES, *SCORES}
    for name, value in single.items():
        assert ragged[name] == pytest.approx(value, rel=1e-5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_metrics_start_anew_every_epoch(low_light):
    model = small()
    fit(model, low_light, epochs=3)
    assert float(model.metrics[0].count) == 2  # images, not 6
    first = model.evaluate(low_light, verbose=0)
    model.evaluate(low_light * 4, verbose=0)
    assert model.evaluate(low_light, verbose=0) == first


def test_references_never_reach_the_gradient(low_light, reference):
    """Same weights, bit for bit, whatever the references: even none, even NaN."""
    models = []
    black, nan = np.zeros_like(reference), np.full_like(reference, np.nan)
    for data in (
        (low_light, reference),
        (low_light, black),
        (low_light, nan),
        (low_light,),
    ):
        keras.utils.set_random_seed(3)
        model = small()
        start = model.get_weights()
        fit(model, *data, batch_size=1, epochs=2)
        models.append(model)
    assert any((a != b).any() for a, b in zip(start, model.get_weights(), strict=True))
    for model in models[1:]:
        assert_same_weights(models[0], model)


def test_training_brightens(low_light):
    model = small()
    model.compile(learning_rate=0.02, jit_compile=False)
    before = float(numpy(model(low_light)).mean())
    history = fit(model, low_light, epochs=20)
    assert history["total_loss"][-1] < 0.8 * history["total_loss"][0]
    assert numpy(model(low_light)).mean() > 1.4 * before


def test_a_teacher_is_followed(low_light):
    """Its pictures are what the model learns; it learns nothing, and is not saved."""
    off = dict.fromkeys(LOSSES, 0.0)
    teacher, model = small(), small(loss_weights=off)
    teacher.set_weights([3 * weight for weight in teacher.get_weights()])
    before = [numpy(weight) for weight in teacher.weights]
    wanted = numpy(teacher(low_light))
    model.compile(learning_rate=0.01, teacher=teacher, jit_compile=False)
    assert len(model.trainable_weights) == len(teacher.trainable_weights)
    history = fit(model, low_light, epochs=30)
    assert history["total_loss"] == history["distillation_loss"]
    assert history["distillation_loss"][-1] < 0.8 * history["distillation_loss"][0]
    error = np.abs(numpy(model(low_light)) - wanted).mean()
    assert error == pytest.approx(history["distillation_loss"][-1], rel=0.2)
    for old, new in zip(before, teacher.weights, strict=True):
        np.testing.assert_array_equal(old, numpy(new))
    for wrong in (model, "zero_dce_lol"):
        with pytest.raises(ValueError, match="teacher must be another ZeroDCE"):
            model.compile(teacher=wrong)
    model.compile(learning_rate=0.01)
    assert "distillation_loss" not in [metric.name for metric in model.metrics]


@pytest.mark.parametrize("form", losses.LOSS_FORMS)
def test_training_on_black_white_and_grey_stays_finite(form):
    flat = np.ones((3, 32, 48, 3), "float32") * np.reshape([0, 0.5, 1], (3, 1, 1, 1))
    model = small(loss_form=form)
    model.compile(learning_rate=0.01, jit_compile=False)
    history = fit(model, np.float32(flat), batch_size=1, epochs=4)  # 12 steps
    assert np.isfinite(list(history.values())).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_predict(low_light, reference):
    model = small()
    expected = numpy(model(low_light))
    np.testing.assert_allclose(model.predict(low_light, verbose=0), expected, atol=1e-6)


def test_trains_with_xla_too(low_light):
    plain, compiled = twins()
    compiled.compile(jit_compile=True)
    expected = fit(plain, low_light)["total_loss"][0]
    assert fit(compiled, low_light)["total_loss"][0] == pytest.approx(
        expected, rel=1e-4
    )
    for a, b in zip(plain.get_weights(), compiled.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


# How it is compiled


def test_compile_with_a_learning_rate():
    model = small()
    model.compile(learning_rate=3e-3, global_clipnorm=0.1, l2=1e-4, weight_decay=1e-2)
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(optimizer.learning_rate) == pytest.approx(3e-3)
    settings = optimizer.max_gradient_norm, optimizer.l2, optimizer.weight_decay
    assert settings == (0.1, 1e-4, 1e-2)
    model.compile()
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)


def test_compile_with_an_optimizer():
    model = small()
    optimizer = keras.optimizers.SGD(0.5)
    model.compile(optimizer=optimizer)
    assert model.optimizer is optimizer
    model.compile("rmsprop")
    assert isinstance(model.optimizer, keras.optimizers.RMSprop)


def gradient_step(low_light, **kwargs):
    """The weights, and what one training step adds to them."""
    keras.utils.set_random_seed(0)
    model = small()
    model.compile(run_eagerly=True, **kwargs)
    before = model.get_weights()
    fit(model, low_light)
    after = model.get_weights()
    return before, np.concatenate(
        [(new - old).ravel() for old, new in zip(before, after, strict=True)]
    )


def test_clipping_has_its_effect(low_light):
    """Adam's first step hides the gradient's size; a large epsilon brings it out."""
    free, clipped = (
        gradient_step(
            low_light, optimizer=L2Adam(1.0, max_gradient_norm=limit, epsilon=10)
        )[1]
        for limit in (None, 0.1)
    )
    # The step is √(1 − β₂) · gradient / ε.
    size = np.linalg.norm(clipped)
    assert size == pytest.approx(0.1 * 0.001**0.5 / 10, rel=0.02)
    assert np.linalg.norm(free) > 1.5 * size
    cosine = free @ clipped / np.linalg.norm(free) / size
    assert cosine == pytest.approx(1, abs=1e-2)  # steps near float32's rounding


def test_decoupled_weight_decay_has_its_effect(low_light):
    """Each weight loses learning rate × decay of itself, on top of Adam's step."""
    before, plain = gradient_step(low_light, learning_rate=1e-3)
    _, decayed = gradient_step(low_light, learning_rate=1e-3, weight_decay=0.5)
    weights = np.concatenate([weight.ravel() for weight in before])
    np.testing.assert_allclose(decayed - plain, -1e-3 * 0.5 * weights, atol=2e-7)


def test_l2_has_its_effect(low_light):
    """Overwhelming L2 makes Adam's first step the sign of the weights."""
    before, step = gradient_step(low_light, learning_rate=1e-3, l2=1e6)
    weights = np.concatenate([weight.ravel() for weight in before])
    large = np.abs(weights) > 1e-2
    np.testing.assert_allclose(step[large], -1e-3 * np.sign(weights[large]), rtol=1e-2)


def test_mixed_precision_stays_near(low_light):
    exact, mixed = small(filters=8), small(filters=8, dtype="mixed_bfloat16")
    mixed.set_weights(exact.get_weights())
    assert mixed.dce_model.get_layer("conv_1").compute_dtype == "bfloat16"
    expected, enhanced = numpy(exact(low_light)), numpy(mixed(low_light))
    assert enhanced.dtype == np.float32
    np.testing.assert_allclose(enhanced, expected, atol=5e-3)
    assert (enhanced != expected).any()
    losses = exact.compute_losses(low_light, exact.dce_model(low_light))
    total = fit(mixed, low_light)["total_loss"][0]
    assert total == pytest.approx(float(losses["total_loss"]), rel=0.02)
    assert all(weight.dtype == np.float32 for weight in mixed.get_weights())

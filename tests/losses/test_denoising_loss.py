import keras
import numpy as np
import pytest

from zero_dce_keras import ZeroDCE, losses


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_neighbors_share_an_edge_and_all_eight_pairs_occur():
    """Each pixel holds its row and column, which show where it came from."""
    rows, columns = np.mgrid[:6, :8]
    image = np.stack([rows, columns, rows], -1)[None].astype("float32")
    seen = set()
    for choice in range(8):
        choices = np.full((1, 3, 4), choice, "int32")
        first, second = (numpy(x)[0] for x in losses.neighbors(image, choices))
        assert first.shape == second.shape == (3, 4, 3)
        steps = second[..., :2] - first[..., :2]
        assert (abs(steps).sum(-1) == 1).all()
        for pixels in (first, second):  # every cell keeps its place
            np.testing.assert_array_equal(pixels[..., 0] // 2, np.mgrid[:3, :4][0])
            np.testing.assert_array_equal(pixels[..., 1] // 2, np.mgrid[:3, :4][1])
        seen.add((*first[0, 0, :2], *second[0, 0, :2]))
    assert len(seen) == 8


def test_odd_sizes_leave_out_a_row_and_a_column():
    image = np.zeros((2, 7, 9, 3), "float32")
    first, _ = losses.neighbors(image, np.zeros((2, 3, 4), "int32"))
    assert first.shape == (2, 3, 4, 3)


def test_denoising_is_a_mean_of_squares_an_image():
    grey = np.full((2, 16, 24, 3), 0.5, "float32")
    neighbor = grey.copy()
    neighbor[1, :, :6] += 0.4  # a quarter of the second image
    np.testing.assert_allclose(
        numpy(losses.denoising(grey, neighbor)), [0, 0.04], rtol=1e-5
    )


def noisy_pictures(count=12, seed=0):
    """Smooth pictures and the same with noise, float32 (N, 32, 32, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:32, :32] / 6
    phases = rng.random((count, 3)) * 6
    clean = [
        [0.5 + 0.2 * np.sin(rows + p) * np.cos(columns + p) for p in x] for x in phases
    ]
    clean = np.moveaxis(np.float32(clean), 1, -1)
    noise = 0.1 * rng.standard_normal(clean.shape)
    return clean, np.clip(clean + noise, 0, 1).astype("float32")


def error(images, clean):
    return float(((np.asarray(images) - clean) ** 2).mean())


def test_curves_learn_to_denoise():
    keras.utils.set_random_seed(0)
    clean, noisy = noisy_pictures()
    weights = dict.fromkeys(ZeroDCE().loss_weights, 0.0)
    model = ZeroDCE(
        num_iterations=2,
        filters=8,
        num_layers=3,
        loss_weights={**weights, "denoising_loss": 300.0, "total_variation_loss": 10.0},
    )
    model.compile(learning_rate=5e-3)
    model.fit(noisy, batch_size=4, epochs=25, verbose=0)
    enhanced = model.predict(noisy, verbose=0)
    assert error(enhanced, clean) < 0.5 * error(noisy, clean)


def test_neighbours_must_not_share_a_filter():
    with pytest.raises(ValueError, match="denoising_loss .* denoising_filter"):
        ZeroDCE(denoising_filter={}, loss_weights={"denoising_loss": 1.0})

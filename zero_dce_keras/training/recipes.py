"""Recipes that have been run, each with its command, hardware, time and scores."""

from zero_dce_keras.training.recipe import Recipe

RECIPES = {}  # by the names that `fit --recipe` takes
DEFAULT_RECIPES = {}  # names of recipes by those of models: the first for each


def recipe(function):
    """Add a function that returns a `Recipe` to `RECIPES`; its docstring is the lab card."""
    name = function.__name__.replace("_", "-")
    RECIPES[name] = function
    DEFAULT_RECIPES.setdefault(function().model, name)
    return function


@recipe
def default():
    """Train the preset `zero_dce_lol`.

    Command: python -m zero_dce_keras.fit --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 6 minutes.
    Scores on eval15: PSNR 19.43 dB, SSIM .776; 19.43 ± .01 and .776 ± .000 over the seeds
    1143, 1 and 2. docs/lab/experiments.md has what led here.
    """
    return Recipe(
        image_size=128,
        crop=True,
        flip=True,
        batch_size=8,
        epochs=6,
        learning_rate=1e-3,
        cosine_decay=True,
        normalize_exposure=True,
        well_exposedness=0.46,
        smoothness_weight=0.0,
        denoising_weight=300.0,
        total_variation_weight=10.0,
    )


@recipe
def denoise():
    """Train the preset `zero_dce_lol_denoise`: a filter before the curves.

    Command: python -m zero_dce_keras.fit --recipe denoise --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 8 minutes.
    Scores on eval15: PSNR 19.69 dB, SSIM .801.
    """
    return default().replace(
        epochs=2,
        denoising_filter=True,
        exposure_weight=1.0,
        color_weight=0.5,
        smoothness_weight=1600.0,
        denoising_weight=0.0,
        total_variation_weight=0.0,
    )


@recipe
def tiny():
    """Train the preset `tiny_lol_denoise`: 14,676 parameters.

    Command: python -m zero_dce_keras.fit --recipe tiny --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 2 minutes.
    Scores on eval15: PSNR 19.17 dB, SSIM .800.
    """
    return denoise().replace(filters=12, learning_rate=2e-3, epochs=4)


@recipe
def general():
    """Train the preset `zero_dce_general`: any photograph, from one look at a miniature.

    Each frame of the exposure sequences in Zero-DCE's training images learns to become
    the fusion of its sequence.

    Command: python -m zero_dce_keras.fit --recipe general --dataset sice --data-dir SICE
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 10 minutes.
    Scores: on the test's sequences PSNR 22.29 dB, SSIM .801 for dark frames, 20.69 and
    .810 for bright ones; on eval15 19.31 and .795.
    """
    return Recipe(
        model="bilateral_dce",
        filters=40,
        validation_images=0,
        flip=True,
        batch_size=16,
        epochs=18,
        learning_rate=1e-3,
        cosine_decay=True,
        ema=0.995,
        global_clipnorm=0.5,
        spatial_weight=0.0,
        exposure_weight=0.0,
        color_weight=0.0,
        smoothness_weight=0.0006,
        node_smoothness_weight=0.02,
        reference_weight=1.0,
        ssim_weight=0.3,
        window=96,
        permute_channels=True,
        denoising_filter=True,
    )


@recipe
def plus_plus():
    """Train Zero-DCE++, with a tenth of the parameters, by its own losses.

    Command: python -m zero_dce_keras.fit --model zero_dce_plus_plus --data-dir DIR
    (or --recipe plus-plus)
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 4 minutes.
    Scores on eval15: PSNR 19.24 dB, SSIM .800.
    """
    return denoise().replace(
        model="zero_dce_plus_plus",
        scale_factor=12,
        resampling="area",
        image_size=384,
        batch_size=4,
        # On the stretched map, whose differences are a twelfth: 1600 · 12².
        smoothness_weight=230_000.0,
    )


@recipe
def companion():
    """Train the preset `zero_dce_plus_plus_lol` to give the pictures of a larger model.

    Zero-DCE++ learns to give what `zero_dce_lol_denoise` gives.

    Command: python -m zero_dce_keras.fit --recipe companion --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 10 minutes.
    Scores on eval15: PSNR 19.66 dB, SSIM .800.
    """
    return plus_plus().replace(
        teacher="zero_dce_lol_denoise",
        spatial_weight=0.0,
        exposure_weight=0.0,
        color_weight=0.0,
        smoothness_weight=0.0,
    )


@recipe
def demo():
    """Train for a minute on the embedded sample, as `make demo` does.

    Command: python -m zero_dce_keras.fit --dataset sample --recipe demo
    Hardware: 2 cores of an AMD EPYC.
    Time: 0.5 minutes.
    Scores on the sample's test photographs: PSNR 18.49 dB, SSIM .744.
    """
    return Recipe(
        image_size=128,
        batch_size=8,
        epochs=12,
        learning_rate=1e-3,
        well_exposedness=0.46,
    )


@recipe
def notebook():
    """Train as the Keras notebook that many start from, with its forms of the losses.

    Command: python -m zero_dce_keras.fit --recipe notebook --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with other work.
    Time: 119 minutes, by the forms of 0.1.0; so are the scores.
    Scores on eval15: PSNR 14.20 dB, SSIM .509 (epoch 47, the least validation loss); 12.95
    dB, .499 after epoch 50. The validation PSNR peaks at 18.49 dB in epoch 6 and falls
    from there: the brightness goes on to E = 0.6, which overshoots LOL. The losses were
    not exactly the notebook's then, and are since; it has not been run in full again.
    Source: ../shared/FACTS.md, "The seed implementation"; weights of the losses: 200
    smoothness, 1 spatial consistency, 5 colour, 10 exposure.
    """
    return Recipe(
        train_images=300,
        validation_images=185,
        image_size=256,
        batch_size=16,
        epochs=50,
        learning_rate=1e-4,
        loss_form="notebook",
    )


@recipe
def small_batch():
    """Train as a course project did: batches of 4, the official losses.

    Command: python -m zero_dce_keras.fit --recipe small-batch --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with another training.
    Time: 4.3 minutes for 2 of its 60 epochs (--epochs 2).
    Scores on eval15 after these 2: PSNR 15.30 dB, SSIM .516.
    """
    return Recipe(
        batch_size=4,
        epochs=60,
        learning_rate=1e-4,
        initial_stddev=0.02,
        global_clipnorm=0.1,
    )


@recipe
def large_batch():
    """Train on 350 pairs in large batches, validate on 100, and test on the rest.

    Command: python -m zero_dce_keras.fit --recipe large-batch --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with another training;
    12 GB of memory.
    Time: 4.8 minutes for 2 of its 100 epochs (--epochs 2).
    Scores on eval15 after these 2 (12 steps): PSNR 7.95 dB, SSIM .213.
    """
    return Recipe(
        train_images=350,
        validation_images=100,
        batch_size=64,
        epochs=100,
    )


@recipe
def official():
    """Train on LOL with the optimisation of the official PyTorch code.

    Command: python -m zero_dce_keras.fit --recipe official --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other busy with another training.
    Time: 4.8 minutes for 2 of its 200 epochs (--epochs 2).
    Scores on eval15 after these 2: PSNR 12.17 dB, SSIM .503.
    Source: `Zero-DCE_code/lowlight_train.py`; the seed is that of its file shuffle.
    """
    return Recipe(
        batch_size=8,
        epochs=200,
        learning_rate=1e-4,
        l2=1e-4,
        global_clipnorm=0.1,
        initial_stddev=0.02,
        seed=1143,
    )


@recipe
def mirnet():
    """Train the official MIRNet, 31,787,419 parameters, on LOL's pairs, with a GPU.

    Command: python -m zero_dce_keras.fit --recipe mirnet --data-dir DIR
    Hardware: tried on 2 cores of an AMD EPYC, both busy with other work.
    Time: the first step on one crop of 128² had not ended after 5 minutes there.
    Scores: PSNR and SSIM not measured; nobody has trained by this recipe yet.
    """
    return Recipe(
        model="mirnet",
        image_size=128,
        crop=True,
        flip=True,
        rotate=True,
        mixup=True,
        batch_size=4,
        epochs=100,
        learning_rate=2e-4,
        cosine_decay=True,
        ema=0.999,
        monitor="psnr",
    )


@recipe
def mirnet_small():
    """Train a MIRNet that learns on a CPU: one group, one block, 8 channels.

    Command: python -m zero_dce_keras.fit --recipe mirnet-small --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, shared with three other trainings.
    Time: 14 minutes, of which it had the core for 5.
    Scores on eval15: PSNR 18.59 dB, SSIM .734 (input: 7.77 dB, .195), with 83,888
    parameters. On the validation images, epoch by epoch: 10.32, 14.88, 18.85, 20.15,
    20.96, 20.63, 20.71, 20.77, 21.11, 21.15 dB. One seed.
    """
    return Recipe(
        model="mirnet",
        train_images=400,
        validation_images=12,
        image_size=64,
        crop=True,
        flip=True,
        rotate=True,
        batch_size=8,
        epochs=10,
        num_rrg=1,
        num_mrb=1,
        channels=8,
        learning_rate=2e-3,
        cosine_decay=True,
        ema=0.98,
        monitor="psnr",
    )


@recipe
def mirnet_lol():
    """Train the preset `mirnet_lol`: a small MIRNet on photographs of one brightness.

    Command: KERAS_BACKEND=torch python -m zero_dce_keras.fit --recipe mirnet-lol \
        --data-dir DIR
    PyTorch's step takes three quarters of TensorFlow's time.
    Hardware: one of the 2 cores of an AMD EPYC, the other one busy.
    Time: 71 minutes.
    Scores on eval15: PSNR 20.14 dB, SSIM .814, with 333,392 parameters.
    docs/lab/experiments.md has what led here.
    """
    return mirnet_small().replace(
        train_images=470,
        validation_images=15,
        image_size=96,
        batch_size=4,
        epochs=40,
        channels=16,
        learning_rate=1e-3,
        ema=0.998,
        ssim_weight=0.3,
        normalize_exposure=True,
        monitor="total_loss",
    )


@recipe
def mirnet_pairs():
    """Train a MIRNet at half resolution that looks at the whole photograph first.

    Command: KERAS_BACKEND=torch python -m zero_dce_keras.fit --recipe mirnet-pairs \
        --mixed-precision --data-dir DIR
    Hardware: one of the 2 cores of an AMD EPYC, the other one busy.
    Time: 360 minutes of a core, by the time of its steps; the run is not done yet.
    Scores: PSNR and SSIM not measured yet.
    docs/lab/experiments.md has what led here.
    """
    return mirnet_lol().replace(
        train_images=485,
        validation_images=0,
        image_size=192,
        augment_gamma=0.4,
        epochs=120,
        whole_epochs=12,
        channels=24,
        stride=2,
        global_view=True,
        gt_mean_weight=0.5,
        ema=0.999,
    )

"""Every public name of Keras in the families that neurone has: what the catalogue is held against."""

import inspect

import keras

FAMILIES = {
    "activations": keras.activations,
    "callbacks": keras.callbacks,
    "constraints": keras.constraints,
    "initializers": keras.initializers,
    "layers": keras.layers,
    "losses": keras.losses,
    "metrics": keras.metrics,
    "models": keras.models,
    "optimizers": keras.optimizers,
    "regularizers": keras.regularizers,
    "schedules": keras.optimizers.schedules,
}


def public(module):
    """Names that do not begin with an underscore, modules left out."""
    return sorted(
        name for name in dir(module) if not name.startswith("_") and not inspect.ismodule(getattr(module, name))
    )


def cases():
    return [{"family": family, "names": public(module)} for family, module in FAMILIES.items()]

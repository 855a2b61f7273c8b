from __future__ import annotations

from hpstudy.mnist import CnnTraining
from hpstudy.mnist.networks import Architecture, parameter_count
from hpstudy.objective import Runtime

SETTING = {"lr": 0.001, "hidden": 1024, "batch_size": 100}


def test_the_layers_are_those_of_the_model_with_their_shapes_and_parameters():
    layers = CnnTraining.layers(SETTING, settings={"head": "softmax"})
    shapes = {layer.name: layer.shape for layer in layers if layer.name}
    assert shapes == {
        "images": (1, 28, 28),
        "conv1": (32, 28, 28),
        "conv2": (64, 14, 14),
        "linear1": (1024,),
        "linear2": (10,),
    }
    assert [layer.kind for layer in layers[:3]] == ["input", "Conv2d 5×5", "max_pool2d"]
    assert sum(layer.parameters for layer in layers) == parameter_count(
        Architecture("cnn", "softmax", 1024)
    )
    assert layers[-1].kind == "softmax"
    assert CnnTraining.layers(SETTING, settings={"head": "logits"})[-1].name == "linear2"


def test_the_layers_of_a_residual_network_lead_around_its_blocks():
    setting = {**SETTING, "network": "residual", "width": 8}
    layers = CnnTraining.layers(setting, settings={"head": "logits"})
    assert [layer.kind for layer in layers].count("BatchNorm2d") == 9
    assert [layer.shape for layer in layers if layer.kind == "add"] == [
        (8, 14, 14),
        (16, 7, 7),
        (32, 4, 4),
    ]
    assert sum(layer.parameters for layer in layers) == parameter_count(
        Architecture("residual", "logits", 0, width=8)
    )


def test_the_pictures_are_mnist_and_as_many_test_images_as_are_predicted(mnist_root):
    shown = CnnTraining.pictures(
        settings={"test_images": 50}, runtime=Runtime(data=str(mnist_root))
    )
    assert shown.training.shape == (100, 28, 28)
    assert shown.training_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert shown.test.shape == (50, 28, 28)
    assert shown.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert shown.test.max() == 255
    assert shown.classes == tuple("0123456789")
    everything = CnnTraining.pictures(settings={}, runtime=Runtime(data=str(mnist_root)))
    assert len(everything.test) == 10_000

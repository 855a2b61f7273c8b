"""The built-in objective: a convolutional network on MNIST. torch lives here and only here."""

from hpstudy.mnist.training import CnnTraining

__all__ = ["CnnTraining"]

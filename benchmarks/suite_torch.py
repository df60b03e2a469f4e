"""The peers of `suite.py` that run on PyTorch: loops in eager mode and compiled, MONAI's windows, bayesian-torch."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import torch
from torch import nn

from suite_worker import Peer, serve

WIDTHS = (8, 16, 32, 64, 128)
DROPOUT = {4: 0.5, 5: 0.5}
Call = Callable[[torch.Tensor], torch.Tensor]
PRIOR = {
    "prior_mu": 0.0,
    "prior_sigma": 1.0,
    "posterior_mu_init": 0.0,
    "posterior_rho_init": -5.0,
    "moped_enable": False,
}


def two_convolutions(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, width, 3, padding="same"),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding="same"),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """The network of configs/iseg2017.yaml."""

    def __init__(self, dropout: dict[int, float]) -> None:
        super().__init__()
        self.encoders, self.dropouts = nn.ModuleList(), nn.ModuleList()
        inputs = 2
        for level, width in enumerate(WIDTHS, start=1):
            self.encoders.append(two_convolutions(inputs, width))
            self.dropouts.append(nn.Dropout(dropout.get(level, 0.0)))
            inputs = width
        self.ups, self.decoders = nn.ModuleList(), nn.ModuleList()
        for width in WIDTHS[-2::-1]:
            # bayesian-torch takes numbers for a padding: one more row and column, which are cut.
            self.ups.append(nn.Conv2d(2 * width, width, 2, padding=1))
            self.decoders.append(two_convolutions(2 * width, width))
        self.head = nn.Conv2d(WIDTHS[0], 2, 3, padding=1)
        self.logits = nn.Conv2d(2, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for encoder, dropout in zip(self.encoders, self.dropouts, strict=True):
            if skips:
                x = nn.functional.max_pool2d(x, 2)
            x = dropout(encoder(x))
            skips.append(x)
        for up, decoder, skip in zip(self.ups, self.decoders, skips[-2::-1], strict=True):
            x = nn.functional.interpolate(x, scale_factor=2, mode="nearest")
            x = torch.relu(up(x)[..., 1:, 1:])
            x = decoder(torch.cat([skip, x], 1))
        return torch.sigmoid(self.logits(self.head(x)))


def dropping() -> nn.Module:
    """For prediction, but for its dropout."""
    model = UNet(DROPOUT).eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    return model


def variational(kind: str) -> nn.Module:
    from bayesian_torch.models.dnn_to_bnn import dnn_to_bnn

    model = UNet({})
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.padding == "same":
            module.padding = (1, 1)
    dnn_to_bnn(model, PRIOR | {"type": kind})
    for module in model.modules():
        if hasattr(module, "dnn_to_bnn_flag"):
            module.dnn_to_bnn_flag = True  # else each layer returns its divergence, too
    return model.eval()


def by_windows(model: nn.Module, size: int) -> Call:
    from monai.inferers import sliding_window_inference

    return lambda images: sliding_window_inference(images, (size, size), len(images), model)


def looped(call: Call, images: torch.Tensor, samples: int) -> Peer:
    """A loop over calls that keeps the mean."""

    def run() -> None:
        with torch.no_grad():
            mean = torch.zeros_like(images[:, :1])
            for _ in range(samples):
                mean += call(images) / samples
            mean.cpu()

    return run


def main(slices: int, size: int, samples: int) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    images = torch.randn(slices, 2, size, size).to(device, memory_format=torch.channels_last)

    def placed(model: nn.Module) -> nn.Module:
        return model.to(device, memory_format=torch.channels_last)

    makers: dict[str, Callable[[], Call]] = {
        "plain pass: PyTorch compiled": lambda: torch.compile(placed(UNet({}).eval())),
        "mc-dropout: PyTorch eager": lambda: placed(dropping()),
        "mc-dropout: PyTorch compiled": lambda: torch.compile(placed(dropping())),
        "mc-dropout: MONAI's sliding window, eager": lambda: by_windows(placed(dropping()), size),
        "vi: bayesian-torch Reparameterization": lambda: placed(variational("Reparameterization")),
        "vi: bayesian-torch Flipout": lambda: placed(variational("Flipout")),
    }
    peers: dict[str, Peer] = {}
    absent: dict[str, str] = {}
    for name, make in makers.items():
        try:
            peers[name] = looped(make(), images, samples)
        except Exception as error:
            absent[name] = " ".join(f"{type(error).__name__}: {error}".split())
    serve(peers, absent, {"torch": torch.__version__})


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))

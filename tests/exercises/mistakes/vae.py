import torch

from lacr_lib import kl_divergence


def kl_sum(mu, log_var):
    return (0.5 * ((1 + mu**2) * torch.exp(-log_var) - 1 + log_var)).flatten(1).sum(1)


def kl_sigma(mu, log_var):
    return kl_sum(mu, 2 * log_var) / mu[0].numel()


def kl_of_batch(mu, log_var):
    return kl_sum(mu, log_var).mean() / mu[0].numel()


def picture_mix(model, x, mu_a, mu_b, t):
    skips = model.encode(x).skips
    return (1 - t) * model.decode(mu_a, x, skips) + t * model.decode(mu_b, x, skips)


def turned_round(model, x, mu_a, mu_b, t):
    return model.decode(t * mu_a + (1 - t) * mu_b, x, model.encode(x).skips)


def always_the_middle(model, x, mu_a, mu_b, t):
    return model.decode(0.5 * (mu_a + mu_b), x, model.encode(x).skips)


MISTAKES = {
    "02-kl": {
        "the usual direction": kl_divergence,
        "log-variance for log sigma": kl_sigma,
        "sum over entries": kl_sum,
        "mean over the batch": kl_of_batch,
    },
    "02-free-bits": {
        "money back": lambda kl, floor: (kl - floor).mean(dim=1),
        "floor off the mean": lambda kl, floor: (kl.mean(dim=1) - floor).clamp_min(0),
        "charges the first nats": lambda kl, floor: kl.clamp_max(floor).mean(dim=1),
        "no mean over units": lambda kl, floor: (kl - floor).clamp_min(0),
    },
    "02-halfway": {
        "t turned round": turned_round,
        "pictures mixed": picture_mix,
        "the frame's own code": lambda model, x, a, b, t: model(x).enhanced,
        "t forgotten": always_the_middle,
    },
}

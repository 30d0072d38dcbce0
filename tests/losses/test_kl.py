import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as reference

from lacr_lib import kl_divergence
from lacr_lib.losses.kl import elbo_beta


def test_equals_torch_distributions():
    torch.manual_seed(0)
    mu, log_var = torch.randn(2, 3, 4, 5, 6, dtype=torch.float64)
    expected = reference(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_divergence(mu, log_var), expected.mean(dim=(1, 2, 3)))


def test_is_zero_only_at_the_prior():
    zeros = torch.zeros(2, 4, 3, 3)
    assert torch.equal(kl_divergence(zeros, zeros), torch.zeros(2))
    assert (kl_divergence(zeros + 0.1, zeros) > 0).all()
    assert (kl_divergence(zeros, zeros - 0.1) > 0).all()


def test_elbo_beta_of_the_text():
    assert elbo_beta(32) == pytest.approx(0.0133, abs=1e-4)

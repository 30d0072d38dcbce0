import torch

from lacr_lib.training.average import average_of


def test_average_follows_the_formula(make_model):
    model = make_model()
    averaged = average_of(model, decay=0.3)
    name, weight = next(iter(model.named_parameters()))
    expected = None
    for update in range(4):
        with torch.no_grad():
            weight.add_(1.0)
        averaged.update_parameters(model)
        decay = min(0.3, (1 + update) / (10 + update))
        now = weight.detach().clone()
        # the first update copies: there is nothing to average with yet
        expected = now if expected is None else decay * expected + (1 - decay) * now
    torch.testing.assert_close(dict(averaged.module.named_parameters())[name].data, expected)


def test_average_is_frozen_and_a_copy(make_model):
    model = make_model()
    averaged = average_of(model, 0.9)
    assert not any(p.requires_grad for p in averaged.parameters())
    assert not averaged.module.training
    assert all(p.requires_grad for p in model.parameters())

"""What was in training is in training again, module by module."""

import pytest
from torch import nn

from lacr_lib.models.mode import evaluation_mode


def test_every_module_gets_its_own_flag_back_and_after_an_error_too():
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    model[1].eval()
    flags = [True, True, False, False]
    with evaluation_mode(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == flags
    with pytest.raises(KeyError), evaluation_mode(model):
        raise KeyError
    assert [module.training for module in model.modules()] == flags

import pytest
import torch
import torch.nn.functional as F

from lacr_lib import RCAM
from lacr_lib.models.rcam import region_tokens

GRIDS = (1, 2, 4)


@pytest.fixture
def module():
    torch.manual_seed(0)
    return RCAM(8, GRIDS).double()


def test_region_tokens_are_the_means_of_the_cells_coarse_to_fine_row_by_row():
    x = torch.arange(2 * 3 * 8 * 4, dtype=torch.float64).view(2, 3, 8, 4)
    tokens = region_tokens(x, (1, 2))
    assert tokens.shape == (2, 5, 3)
    torch.testing.assert_close(tokens[:, 0], x.mean(dim=(2, 3)))
    cells = [x[:, :, :4, :2], x[:, :, :4, 2:], x[:, :, 4:, :2], x[:, :, 4:, 2:]]
    for number, cell in enumerate(cells):
        torch.testing.assert_close(tokens[:, 1 + number], cell.mean(dim=(2, 3)))


def attention_by_loop(module, x):
    """Every pixel asks every region token, one at a time: the formula, and nothing else."""
    half = module.norm(x)[:, : x.shape[1] // 2]
    tokens = region_tokens(half, module.token_grids)
    levels = [level for level, grid in enumerate(module.token_grids) for _ in range(grid * grid)]
    out = torch.empty_like(half)
    for image in range(x.shape[0]):
        keys, values = [], []
        for token, level in zip(tokens[image], levels, strict=True):
            key, value = module.key_value(token + module.grid_embedding[level]).chunk(2)
            keys.append(key)
            values.append(value)
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                pixel = half[image : image + 1, :, row : row + 1, column : column + 1]
                query = module.query(pixel).flatten()
                scores = torch.stack([query @ key for key in keys]) / len(query) ** 0.5
                mixed = scores.softmax(0) @ torch.stack(values)
                out[image, :, row, column] = mixed
    return out


def test_attention_equals_the_loop(module):
    torch.nn.init.normal_(module.grid_embedding)
    x = torch.randn(2, 8, 5, 6, dtype=torch.float64)
    query, key, value = module.attention_inputs(module.norm(x)[:, :4])
    fast = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(module.to_map(fast, x.shape), attention_by_loop(module, x))


def test_attention_maps_come_beside_the_same_output(module):
    x = torch.randn(2, 8, 5, 6, dtype=torch.float64)
    out, attention = module(x, return_attention=True)
    torch.testing.assert_close(out, module(x))
    assert attention.weights.shape == (2, 1, 30, 21)
    torch.testing.assert_close(attention.weights.sum(-1), torch.ones(2, 1, 30).double())
    assert attention.gate.shape == x.shape
    assert attention.gate.min() > 0 and attention.gate.max() < 1


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (16, 16)])
@pytest.mark.parametrize("channels", [2, 16, 48, 64])
def test_shape_is_kept(channels, size):
    x = torch.randn(2, channels, *size)
    assert RCAM(channels)(x).shape == x.shape


def test_a_pixel_feels_the_light_of_a_far_region(module):
    """Global: a change in one corner reaches the other, which the local half alone cannot do."""
    x = torch.randn(1, 8, 16, 16, dtype=torch.float64)
    brighter = x.clone()
    brighter[..., :4, :4] += torch.randn(8, 1, 1, dtype=torch.float64)
    moved = (module(brighter) - module(x)).abs()
    assert moved[..., 12:, 12:].max() > 1e-6


def test_odd_channels_are_refused():
    with pytest.raises(ValueError, match="halves"):
        RCAM(7)


@pytest.fixture
def rcam():
    torch.manual_seed(0)
    return RCAM(8, GRIDS).double()


def test_output_equals_the_formula_written_out(rcam):
    x = torch.randn(2, 8, 5, 6, dtype=torch.float64)
    depthwise, _, pointwise = rcam.local
    local = F.conv2d(rcam.norm(x)[:, 4:], depthwise.weight, depthwise.bias, padding=1, groups=4)
    both = torch.cat([attention_by_loop(rcam, x), pointwise(F.gelu(local))], dim=1)
    gate = torch.sigmoid(rcam.gate(both))
    mixed = x + rcam.mix(gate * both)
    out, attention = rcam(x, return_attention=True)
    torch.testing.assert_close(out, mixed + rcam.feed_forward(mixed))
    torch.testing.assert_close(attention.gate, gate)


def test_the_weights_that_are_shown_are_those_that_are_used(rcam):
    x = torch.randn(2, 8, 5, 6, dtype=torch.float64)
    _, _, value = rcam.attention_inputs(rcam.norm(x)[:, :4])
    weights = rcam(x, return_attention=True)[1].weights
    torch.testing.assert_close(rcam.to_map(weights @ value, x.shape), attention_by_loop(rcam, x))


def test_each_head_of_16_channels_asks_by_itself():
    torch.manual_seed(0)
    module = RCAM(64, (1, 2)).double()
    x = torch.randn(2, 64, 4, 5, dtype=torch.float64)
    half = module.norm(x)[:, :32]
    query, key, value = module.attention_inputs(half)
    found = module.to_map(F.scaled_dot_product_attention(query, key, value), x.shape)
    asked = module.query(half).flatten(2).transpose(1, 2)  # (2, 20, 32)
    keys, values = module.key_value(region_tokens(half, (1, 2))).chunk(2, dim=-1)
    for head in (slice(0, 16), slice(16, 32)):
        scores = asked[..., head] @ keys[..., head].transpose(1, 2) / 4
        mixed = scores.softmax(dim=-1) @ values[..., head]
        torch.testing.assert_close(found[:, head].flatten(2).transpose(1, 2), mixed)

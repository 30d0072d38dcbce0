"""What tests do to the explorer's page when it is open in a browser."""

from __future__ import annotations

READY = "document.body?.dataset.ready === 'yes'"
TEXT = "document.getElementById('{}').textContent"
PLACES = "Array.from(lacr.places().{}.x).concat(Array.from(lacr.places().{}.y))"
PICK = """(() => {{
  const field = document.getElementById("scene");
  for (const option of field.options) option.selected = {}.includes(option.value);
  field.dispatchEvent(new Event("input", {{ bubbles: true }}));
}})()"""


def pick(browser, *scenes):
    """Chooses scenes of the list by their number; "" is all of them."""
    browser.run(PICK.format([str(scene) for scene in scenes]))


def text(browser, id_):
    return browser.run(TEXT.format(id_))


def places(browser, kind):
    """x and y of all points of a kind, when nothing moves any more."""
    browser.wait("lacr.still()")
    values = browser.run(PLACES.format(kind, kind))
    return values[: len(values) // 2], values[len(values) // 2 :]


def screen_place(browser, kind, index):
    return browser.run(
        f"""(() => {{
          const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name("map"));
          view.el.scrollIntoView();
          const box = view.el.getBoundingClientRect();
          const {{ x, y }} = lacr.places().{kind};
          return [box.x + view.frame.x_scale.compute(x[{index}]), box.y + view.frame.y_scale.compute(y[{index}])];
        }})()"""  # noqa: E501
    )

"use strict";
// The page's own behaviour. File names reach the page through textContent only.
window.lacr = (() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const colours = { low: "#0072B2", enhanced: "#D55E00", twin: "#000000", clear: "#009E73" };
  const titles = { low: "low-light", enhanced: "enhanced", twin: "enhanced by the twin", clear: "clear" };
  const element = (id) => document.getElementById(id);
  const sheets = data.sheets.map((address) => {
    const image = new Image();
    image.src = address;
    return image;
  });
  const model = (name) => Bokeh.documents[0].get_model_by_name(name);
  let chosen = null; // the scene whose family is shown
  let current = 0; // the map that is drawn

  const fraction = (exposure) => (exposure < 1 ? `1/${+(1 / exposure).toPrecision(2)}` : "1");

  function caption(photo) {
    const lines = [titles[photo.kind]];
    if (photo.exposure !== null && photo.kind !== "clear") lines.push(`exposure ${fraction(photo.exposure)}`);
    lines.push(`luma ${photo.luma.toFixed(2)}`);
    if (photo.psnr !== null) lines.push(`PSNR ${photo.psnr.toFixed(1)} dB`);
    if (photo.progress !== null) lines.push(`way ${photo.progress.toFixed(2)}`);
    return lines.join("\n");
  }

  function draw(photo, box) {
    const [sheet, x, y, width, height] = photo.place;
    const figure = document.createElement("figure");
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.style.borderColor = colours[photo.kind];
    const pen = canvas.getContext("2d");
    const paint = () => {
      if (element("brighten").checked) pen.filter = `brightness(${Math.min(8, 0.45 / Math.max(photo.luma, 0.02))})`;
      pen.drawImage(sheets[sheet], x, y, width, height, 0, 0, width, height);
      pen.filter = "none";
      if (box) {
        pen.strokeStyle = "#F0E442";
        pen.lineWidth = 2;
        const grown = Math.max(6, box[2] * width); // a region of 8 pixels is hard to see
        pen.strokeRect((box[0] + box[2] / 2) * width - grown / 2, (box[1] + box[3] / 2) * height - grown / 2, grown, grown);
      }
    };
    if (sheets[sheet].complete) paint();
    else sheets[sheet].addEventListener("load", paint);
    const text = document.createElement("figcaption");
    text.textContent = caption(photo);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${photo.scene}: ${text.textContent}`);
    figure.append(canvas, text);
    return figure;
  }

  function hover(kind, index) {
    const points = data.points[kind];
    const photo = data.photographs[points.photograph[index]];
    element("hovered").replaceChildren(draw(photo, points.box[index]));
    element("hovered").firstChild.lastChild.textContent = `${photo.scene}\n${caption(photo)}`;
  }

  const members = (scene, kind) => data.photographs.filter((p) => p.scene === scene && p.kind === kind);

  // the clear photograph, then a row for each rung of the ladder: low, enhanced, enhanced by the twin
  function family(scene) {
    const [low, enhanced, twins] = ["low", "enhanced", "twin"].map((kind) => members(scene, kind));
    const same = (list, photo) => list.find((other) => other.exposure === photo.exposure);
    const rows = low.map((photo, rung) => [photo, enhanced[rung], same(twins, photo)].filter((p) => p));
    return [members(scene, "clear"), ...rows];
  }

  function row(photos) {
    const line = document.createElement("div");
    line.className = "row";
    line.append(...photos.map((photo) => draw(photo, null)));
    return line;
  }

  function sentence(scene) {
    const ways = members(scene, "enhanced").map((p) => p.progress).filter((w) => w !== null).sort((a, b) => a - b);
    const count = family(scene).flat().length;
    if (!ways.length) return `${scene}: ${count} photographs.`;
    const middle = ways[Math.floor((ways.length - 1) / 2)];
    return `${scene}: ${count} photographs; its enhanced ones went ${middle.toFixed(2)} of the way to clear (median).`;
  }

  // indices of the points of a scene, and the mean place of each of its photographs
  function pointsOf(scene, kind) {
    return data.points[kind].photograph.flatMap((p, i) => (data.photographs[p].scene === scene ? [i] : []));
  }

  function pathOf(scene) {
    const places = new Map();
    for (const kind of ["low", "clear"]) {
      const xy = data.maps[current].points[kind];
      for (const i of pointsOf(scene, kind)) {
        const key = data.points[kind].photograph[i];
        const sum = places.get(key) || [0, 0, 0];
        places.set(key, [sum[0] + xy[i][0], sum[1] + xy[i][1], sum[2] + 1]);
      }
    }
    const order = [...places.keys()].sort((a, b) => data.photographs[a].exposure - data.photographs[b].exposure);
    return order.map((key) => places.get(key)).map(([x, y, n]) => [x / n, y / n]);
  }

  function choose(scene) {
    chosen = scene || null;
    element("scene-choice").value = scene || "";
    element("said").textContent = scene ? sentence(scene) : "No scene chosen.";
    element("family").replaceChildren(...(scene ? family(scene).map(row) : []));
    for (const kind of Object.keys(data.points)) {
      model(kind).selected.indices = scene ? pointsOf(scene, kind) : [];
    }
    const path = scene ? pathOf(scene) : [];
    model("path").data = { x: path.map((p) => p[0]), y: path.map((p) => p[1]) };
    history.replaceState(null, "", `#map=${current}&scene=${encodeURIComponent(scene || "")}`);
  }

  function tap(kind, index) {
    if (index === undefined) return choose(null);
    choose(data.photographs[data.points[kind].photograph[index]].scene);
    hover(kind, index);
  }

  function showMap(number) {
    current = number;
    const map = data.maps[number];
    for (const kind of Object.keys(data.points)) {
      const xy = map.points[kind];
      model(kind).data = { x: xy.map((p) => p[0]), y: xy.map((p) => p[1]) };
    }
    const placed = map.transformed ? "placed into the finished map" : "fitted along with the others";
    element("trust").textContent = `${map.method}: trustworthiness ${map.trust}, continuity ${map.continuity} ` +
      `(15 neighbours). Enhanced points (hollow) were ${placed}.`;
    element("map-choice").value = number;
    choose(chosen);
  }

  function option(value, text) {
    const choice = document.createElement("option");
    choice.value = value;
    choice.textContent = text;
    return choice;
  }

  function start() {
    element("map-choice").append(...data.maps.map((map, i) => option(i, map.method)));
    const scenes = [...new Set(data.photographs.map((p) => p.scene))];
    element("scene-choice").append(...scenes.map((scene) => option(scene, scene)));
    element("map-choice").addEventListener("change", (event) => showMap(Number(event.target.value)));
    element("scene-choice").addEventListener("change", (event) => choose(event.target.value));
    element("brighten").addEventListener("change", () => choose(chosen));
    const asked = new URLSearchParams(location.hash.slice(1));
    chosen = scenes.includes(asked.get("scene")) ? asked.get("scene") : null;
    showMap(Math.min(Number(asked.get("map")) || 0, data.maps.length - 1));
    document.body.dataset.ready = "yes";
  }

  return { start, hover, tap };
})();

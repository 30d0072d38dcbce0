"use strict";
// The page's own behaviour. File names reach the page through textContent only.
window.lacr = (() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const KINDS = ["low", "clear", "enhanced"];
  const colours = { low: "#0072B2", enhanced: "#D55E00", twin: "#000000", clear: "#009E73" };
  const PULL = ["#b35806", "#c9c9c9", "#542788"]; // -1, 0, 1
  const TRUST = ["#ffc20a", "#8d8d8d", "#0c4a6e"]; // 0, half, 1
  const UNKNOWN = -32768;
  const MORPH = 450; // milliseconds
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const element = (id) => document.getElementById(id);
  const layer = (name) => Bokeh.documents[0].get_model_by_name(name);
  const photographs = data.photographs;
  const state = { map: 0, side: "with", film: 0, colour: "kind", show: new Set(), scene: null, view: null };
  let places = null; // what is drawn: of each kind x and y
  let moving = 0; // the animation frame asked for
  let playing = 0;
  const unpacked = new WeakMap();

  function numbers(packed) {
    if (!unpacked.has(packed)) {
      const bytes = Uint8Array.from(atob(packed.bytes), (c) => c.charCodeAt(0));
      const type = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array }[packed.kind];
      unpacked.set(packed, new type(bytes.buffer));
    }
    return unpacked.get(packed);
  }

  const photoOf = (kind, i) => photographs[numbers(data.points[kind].photograph)[i]];

  const { tracks } = data; // of each side the numbers of its stills, the finished model last
  const last = tracks.with.length - 1;
  const still = () => tracks[state.side][state.film];
  const drawn = (map) => map.frames[still()] ?? map.frames[data.ends[state.side]];

  function middle(values) { // the lower one of two
    return values.length ? values.slice().sort((a, b) => a - b)[Math.ceil(values.length / 2) - 1] : null;
  }

  // the pulls of the still that is shown, grouped by a function of the photograph's number
  function grouped(key) {
    const groups = new Map();
    numbers(data.frames[still()][state.show.has("control") ? "control" : "pulls"]).forEach((value, i) => {
      if (value === UNKNOWN) return;
      const name = key(numbers(data.points.enhanced.photograph)[i]);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(value / 1000);
    });
    return groups;
  }

  const sceneOf = (photo) => photographs[photo].scene;

  const sheets = data.sheets.map((src) => Object.assign(new Image(), { src }));

  // region: row and column of the region to be framed, or none
  function draw(photo, region, words = photo.words) {
    const [sheet, x, y, width, height] = photo.place;
    const figure = document.createElement("figure");
    const text = Object.assign(document.createElement("figcaption"), { textContent: words });
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    const paintPicture = () => {
      const light = Math.min(8, Math.max(1, 0.45 / Math.max(photo.luma, 0.02)));
      pen.filter = element("brighten").checked ? `brightness(${light})` : "none";
      pen.drawImage(sheets[sheet], x, y, width, height, 0, 0, width, height);
      pen.filter = "none";
      if (!region) return;
      const grown = Math.max(8, photo.cell[0] * width); // a region of 8 pixels is hard to see
      const corner = (at, cell, side) => (at + 0.5) * cell * side - grown / 2;
      Object.assign(pen, { strokeStyle: "#F0E442", lineWidth: 2 });
      pen.strokeRect(corner(region[1], photo.cell[0], width), corner(region[0], photo.cell[1], height), grown, grown);
    };
    if (sheets[sheet].complete) paintPicture();
    else sheets[sheet].addEventListener("load", paintPicture);
    canvas.style.borderColor = colours[photo.kind];
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${data.scenes[photo.scene].name}: ${words}`);
    figure.append(canvas, text);
    return figure;
  }

  function row(numbersOf) {
    const line = Object.assign(document.createElement("div"), { className: "row" });
    line.append(...numbersOf.map((number) => draw(photographs[number])));
    return line;
  }

  function unpackPlaces(frame, [x0, x1, y0, y1]) {
    const all = {};
    for (const kind of KINDS) {
      const steps = numbers(frame.xy[kind]);
      const n = steps.length / 2;
      all[kind] = { x: new Float32Array(n), y: new Float32Array(n) };
      for (let i = 0; i < n; i++) {
        all[kind].x[i] = x0 + ((x1 - x0) * steps[2 * i]) / 65535;
        all[kind].y[i] = y0 + ((y1 - y0) * steps[2 * i + 1]) / 65535;
      }
    }
    return all;
  }

  const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);

  function between(from, to, t) {
    return Object.fromEntries(KINDS.map((kind) =>
      [kind, { x: mix(from[kind].x, to[kind].x, t), y: mix(from[kind].y, to[kind].y, t) }]));
  }

  function gradient(stops, t) { // t in 0..1, three colours
    const at = Math.min(Math.max(t, 0), 1) * 2;
    const [a, b] = at < 1 ? stops.slice(0, 2) : stops.slice(1);
    const part = (colour, i) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
    return `rgb(${[0, 1, 2].map((i) => Math.round(part(a, i) + (part(b, i) - part(a, i)) * (at < 1 ? at : at - 1)))})`;
  }

  let styles = {}; // of each kind the colour and alpha of its points, which stay while they move

  function restyle() {
    const frame = drawn(data.maps[state.map]);
    const trust = Array.from({ length: 101 }, (_, i) => gradient(TRUST, i / 100));
    const rest = state.show.size ? 0.3 : 0.6;
    const seen = (p) => (state.scene === null ? rest : sceneOf(p) === state.scene ? 1 : 0.06);
    styles = Object.fromEntries(KINDS.map((kind) => [kind, {
      colour: Array.from(numbers(frame.kept[kind]), (share) => (state.colour === "trust" ? trust[share] : colours[kind])),
      alpha: Float32Array.from(numbers(data.points[kind].photograph), seen),
    }]));
  }

  // the mean place of each photograph's regions
  function centres() {
    const sums = photographs.map(() => [0, 0, 0]);
    for (const kind of KINDS) {
      numbers(data.points[kind].photograph).forEach((p, i) => {
        sums[p][0] += places[kind].x[i];
        sums[p][1] += places[kind].y[i];
        sums[p][2] += 1;
      });
    }
    return sums.map(([x, y, n]) => [x / n, y / n]);
  }

  const strength = (scene, faint) => (state.scene === null ? faint : scene === state.scene ? 1 : 0.06);

  function paintLines(name, lines) {
    const column = (key) => lines.map((line) => line[key]);
    const ends = { x0: lines.map((l) => l.from[0]), y0: lines.map((l) => l.from[1]),
                   x1: lines.map((l) => l.to[0]), y1: lines.map((l) => l.to[1]) };
    layer(name).data = { ...ends, colour: column("colour"), alpha: column("alpha") };
    const heads = layer(`${name}-heads`);
    if (!heads) return;
    const headed = lines.filter((line) => line.head);
    heads.data = {
      x: headed.map((l) => l.to[0]), y: headed.map((l) => l.to[1]),
      angle: headed.map((l) => Math.atan2(l.to[1] - l.from[1], l.to[0] - l.from[0]) - Math.PI / 2),
      colour: headed.map((l) => l.colour), alpha: headed.map((l) => l.alpha),
    };
  }

  function arrows(centre) {
    if (!state.show.has("arrows")) return [];
    return [...grouped((photo) => photo)].filter(([p]) => photographs[p].low !== undefined).map(([p, values]) => ({
      from: centre[photographs[p].low], to: centre[p], head: true,
      colour: gradient(PULL, (middle(values) + 1) / 2), alpha: strength(sceneOf(p), 0.6),
    }));
  }

  let ladderScenes = []; // the scene of each segment, for hovering

  function ladders(centre) {
    ladderScenes = [];
    if (!state.show.has("ladders") && state.scene === null) return [];
    const lines = [];
    const wanted = state.show.has("ladders") ? data.scenes.keys() : [state.scene];
    for (const scene of wanted) {
      const rungs = data.scenes[scene].ladder; // darkest first, clear last
      rungs.slice(1).forEach((to, i) => {
        const head = photographs[to].kind === "clear";
        lines.push({ from: centre[rungs[i]], to: centre[to], head, colour: "#333333", alpha: strength(scene, 0.5) });
        ladderScenes.push(scene);
      });
    }
    return lines;
  }

  function trails() {
    const other = state.side === "with" ? "without" : "with";
    if (!state.show.has("trails") || !data.changed || state.film !== last) return [];
    const map = data.maps[state.map];
    const there = unpackPlaces(map.frames[data.ends[other]], map.bounds);
    return KINDS.flatMap((kind) => Array.from(numbers(data.changed[kind])).flatMap((shared, i) => (shared >= 50 ? [] : [{
      from: [there[kind].x[i], there[kind].y[i]], to: [places[kind].x[i], places[kind].y[i]],
      colour: colours[kind], alpha: strength(photoOf(kind, i).scene, 0.45) }])));
  }

  function paint() {
    const centre = centres();
    for (const kind of KINDS) layer(kind).data = { ...places[kind], ...styles[kind] };
    paintLines("arrows", arrows(centre));
    paintLines("ladders", ladders(centre));
    paintLines("trails", moving ? [] : trails());
  }

  function fitRanges([x0, x1, y0, y1]) { // one scale for both axes, or arrows would point wrong
    const plot = layer("map");
    const scale = 0.54 * Math.max((x1 - x0) / (plot.inner_width || 600), (y1 - y0) / (plot.inner_height || 400));
    const [w, h] = [scale * (plot.inner_width || 600), scale * (plot.inner_height || 400)];
    plot.x_range.setv({ start: (x0 + x1) / 2 - w, end: (x0 + x1) / 2 + w });
    plot.y_range.setv({ start: (y0 + y1) / 2 - h, end: (y0 + y1) / 2 + h });
  }

  function move(target, morph) {
    cancelAnimationFrame(moving);
    moving = 0;
    const from = places;
    const begin = performance.now();
    const step = (now) => {
      const t = Math.min((now - begin) / MORPH, 1);
      places = t < 1 ? between(from, target, Math.max(t, 0)) : target;
      moving = t < 1 ? requestAnimationFrame(step) : 0;
      paint();
    };
    if (morph && from && !calm.matches) moving = requestAnimationFrame(step);
    else step(begin + MORPH);
  }

  function tellPull() {
    const frame = data.frames[still()];
    const control = state.show.has("control");
    const groups = grouped(sceneOf);
    const [all, low, high] = control ? frame.control_pull : frame.pull;
    const pulled = [...groups.values()].filter((values) => middle(values) > 0.5).length;
    const own = groups.get(state.scene);
    const told = all === null ? "no clear photographs to measure towards" :
      own ? `this scene's median ${middle(own).toFixed(2)}, over ${own.length} regions` :
        `${pulled} of ${groups.size} scenes pulled more than half way, median ${all.toFixed(2)} ` +
        `[95 %: ${low.toFixed(2)}, ${high.toFixed(2)}]`;
    element("pull").textContent = `${control ? "Control" : state.side === "with" ? "With LACR" : "Without LACR"}: ${told}`;
    const other = frame.control_pull[0];
    element("control").textContent = other === null ? "" : `Towards the clear region of another scene: ${other.toFixed(2)}.`;
  }

  function tellTrust() {
    const map = data.maps[state.map];
    const { trust, continuity } = drawn(map);
    const film = map.frames[still()] ? "" : " Only UMAP has the film; this is the finished model.";
    const lies = map.wander === null ? "" :
      ` From one model to the other clear points move by ${(100 * map.wander).toFixed(1)} % of the map (median).`;
    const colour = state.colour === "kind" ? "" :
      " Colour: share of a point's nearest latents that are nearest here too, yellow 0, dark blue 1.";
    element("trust").textContent = `${map.name}: trustworthiness ${trust}, continuity ${continuity} (15 neighbours). ` +
      `Enhanced points (hollow): ${map.placed}.${lies}${colour}${film}`;
  }

  function sentence(scene) {
    const { name, family } = data.scenes[scene];
    const ways = family.flat().map((p) => photographs[p])
      .filter((p) => p.kind === (state.side === "with" ? "enhanced" : "twin") && p.progress !== null).map((p) => p.progress);
    const pulled = ways.length ? `; enhanced ${state.side} LACR they went ${middle(ways).toFixed(2)} of the way to clear` : "";
    return `${name}: ${family.flat().length} photographs${pulled} (median). ${ladderWords(scene)}`;
  }

  function ladderWords(scene) {
    const numbersOf = data.scenes[scene][state.side];
    if (!numbersOf) return "";
    const [straight, rank] = numbersOf.map((v) => (v === null ? "unknown" : v.toFixed(2)));
    return `Its exposures: straightness ${straight}, rank correlation with log exposure ${rank}.`;
  }

  function remember() {
    const parts = { map: data.maps[state.map].name, side: state.side, film: state.film, colour: state.colour,
      show: [...state.show].join(","), scene: state.scene === null ? "" : data.scenes[state.scene].name,
      view: state.view ?? "" };
    history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
  }

  function asked(parts) { // names of what there is, else what is shown already
    const found = (list, value, other) => (list.indexOf(value) < 0 ? other : list.indexOf(value));
    const film = { first: 0, last }[parts.film] ?? Number(parts.film ?? state.film);
    return {
      map: found(data.maps.map((map) => map.name), parts.map, state.map),
      side: tracks[parts.side]?.length ? parts.side : state.side,
      film: Math.min(Math.max(Math.round(film) || 0, 0), last),
      colour: parts.colour === "trust" ? "trust" : "kind",
      show: new Set((parts.show || "").split(",").filter((name) => name)),
      scene: found(data.scenes.map((scene) => scene.name), parts.scene, null),
      view: data.views[parts.view - 1] ? Number(parts.view) : null,
    };
  }

  function set(change, morph = true) {
    const mapBefore = state.map;
    Object.assign(state, { view: null }, change);
    const map = data.maps[state.map];
    if (!places || map !== data.maps[mapBefore]) fitRanges(map.bounds);
    restyle();
    move(unpackPlaces(drawn(map), map.bounds), morph);
    showControls();
    tellPull();
    tellTrust();
    if ("scene" in change) showFamily();
    remember();
  }

  function showControls() {
    document.querySelector(`[name=side][value=${state.side}]`).checked = true;
    document.querySelectorAll("#layers input").forEach((box) => (box.checked = state.show.has(box.value)));
    Object.assign(element("map"), { value: state.map });
    Object.assign(element("colour"), { value: state.colour });
    Object.assign(element("scene"), { value: state.scene ?? "" });
    element("step").value = state.film;
    const { step } = data.frames[still()];
    element("step-name").textContent = step === null ? "finished model" : step === 0 ? "untrained" : `step ${step}`;
    document.querySelectorAll("#tour button").forEach((b, i) => b.setAttribute("aria-pressed", i + 1 === state.view));
    element("view-text").textContent = state.view ? data.views[state.view - 1].text : "";
    const cursor = element("cursor");
    if (cursor) for (const end of ["x1", "x2"]) cursor.setAttribute(end, cursor.dataset.x.split(" ")[state.film]);
  }

  function showFamily() {
    element("said").textContent = state.scene === null ? "No scene chosen." : sentence(state.scene);
    element("family").replaceChildren(...(state.scene === null ? [] : data.scenes[state.scene].family.map(row)));
  }

  let hovered = "";

  function hover(name, i) {
    if (hovered === `${name} ${i} ${state.side}`) return;
    hovered = `${name} ${i} ${state.side}`;
    if (name === "ladders") {
      const { name: scene } = data.scenes[ladderScenes[i]];
      element("hovered").textContent = `${scene}. ${ladderWords(ladderScenes[i])}`;
      return;
    }
    const found = photoOf(name, i);
    const photo = state.side === "without" && found.twin !== undefined ? photographs[found.twin] : found;
    const region = ["row", "col"].map((part) => numbers(data.points[name][part])[i]);
    element("hovered").replaceChildren(draw(photo, region, `${data.scenes[photo.scene].name}\n${photo.words}`));
  }

  function tap(name, i) {
    layer(name).selected.indices = [];
    if (i === undefined) return;
    set({ scene: name === "ladders" ? ladderScenes[i] : photoOf(name, i).scene }, false);
    hover(name, i);
  }

  function options(id, names) {
    element(id).append(...names.map((name, value) => Object.assign(document.createElement("option"), { value, textContent: name })));
  }

  function play() {
    clearInterval(playing);
    const stop = playing !== 0;
    playing = 0;
    element("play").textContent = stop ? "Play" : "Pause";
    if (stop) return;
    set({ film: state.film === last ? 0 : state.film });
    playing = setInterval(() => (state.film < last ? set({ film: state.film + 1 }) : play()), 1100);
  }

  function listen() {
    const on = (id, change) => element(id).addEventListener("input", (event) => set(change(event.target)));
    on("map", (field) => ({ map: Number(field.value) }));
    on("colour", (field) => ({ colour: field.value }));
    on("scene", (field) => ({ scene: field.value === "" ? null : Number(field.value) }));
    on("sides", (field) => ({ side: field.value, scene: state.scene }));
    on("step", (field) => ({ film: Number(field.value), map: 0 }));
    on("layers", () => ({ show: new Set([...document.querySelectorAll("#layers :checked")].map((box) => box.value)) }));
    element("brighten").addEventListener("input", showFamily);
    element("play").addEventListener("click", play);
    element("controls").addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", () => set(asked(Object.fromEntries(new URLSearchParams(location.hash.slice(1))))));
    data.views.forEach(({ title, state: parts }, i) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${i + 1} ${title}` });
      button.addEventListener("click", () => set(asked({ ...parts, view: i + 1 })));
      element("tour").append(button);
    });
  }

  function start() {
    options("map", data.maps.map((map) => map.name));
    options("scene", data.scenes.map((scene) => scene.name));
    element("step").max = last;
    element("film").hidden = last === 0;
    element("sides").hidden = data.ends.without === null;
    document.querySelector("[value=trails]").parentNode.hidden = element("trails").hidden = !data.changed;
    element("shuffled").textContent = data.changed && Math.round(100 * data.changed.control);
    listen();
    document.querySelectorAll("[data-scene]").forEach((e) => (e.textContent = data.scenes[e.dataset.scene].name));
    const parts = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    set(asked({ film: "last", ...parts }), false);
    document.body.dataset.ready = "yes";
  }

  return { start, hover, tap, places: () => places, still: () => moving === 0 };
})();

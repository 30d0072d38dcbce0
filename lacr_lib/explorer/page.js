"use strict";
// The page's own behaviour. File names reach the page through textContent only.
window.lacr = (() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const KINDS = ["low", "clear", "enhanced"];
  const { colours, ramps, tracks } = data; // of kinds; of the pull from -1 to 1 and of trust, in 101 steps
  const UNKNOWN = -32768;
  const MORPH = 450; // milliseconds
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const element = (id) => document.getElementById(id);
  const layer = (name) => Bokeh.documents[0].get_model_by_name(name);
  const photographs = data.photographs;
  const state = { map: 0, side: "with", film: 0, colour: "kind", show: new Set(), scenes: [], view: null };
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

  const last = tracks.with.length - 1; // tracks: of each side the numbers of its stills, the finished model last
  const still = () => tracks[state.side][state.film];
  const drawn = (map) => map.frames[still()] ?? map.frames[data.ends[state.side]];

  function middle(values) { // the lower one of two
    return values.length ? Float64Array.from(values).sort()[Math.ceil(values.length / 2) - 1] : null;
  }

  // the pulls of the chosen scenes in the still that is shown, grouped by a function of the photograph's number
  function grouped(key) {
    const groups = new Map();
    numbers(data.frames[still()][state.show.has("control") ? "control" : "pulls"]).forEach((value, i) => {
      if (value === UNKNOWN) return;
      const photo = numbers(data.points.enhanced.photograph)[i];
      const name = key(photo);
      if (!chosen(sceneOf(photo))) return;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(value / 1000);
    });
    return groups;
  }

  const sceneOf = (photo) => photographs[photo].scene;
  const chosen = (scene) => !state.scenes.length || state.scenes.includes(scene); // none: all of them

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
    return Object.fromEntries(KINDS.map((kind) => {
      const steps = numbers(frame.xy[kind]);
      const along = (from, to, first) => // steps alternate: x, y
        Float32Array.from({ length: steps.length / 2 }, (_, i) => from + ((to - from) * steps[2 * i + first]) / 65535);
      return [kind, { x: along(x0, x1, 0), y: along(y0, y1, 1) }];
    }));
  }

  const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);

  function between(from, to, t) {
    return Object.fromEntries(KINDS.map((kind) =>
      [kind, { x: mix(from[kind].x, to[kind].x, t), y: mix(from[kind].y, to[kind].y, t) }]));
  }

  let styles = {}; // of each kind the colour and alpha of its points, which stay while they move

  function restyle() {
    const frame = drawn(data.maps[state.map]);
    const rest = state.show.size ? 0.3 : 0.6;
    styles = Object.fromEntries(KINDS.map((kind) => [kind, {
      colour: Array.from(numbers(frame.kept[kind]), (share) => (state.colour === "trust" ? ramps.trust[share] : colours[kind])),
      alpha: Float32Array.from(numbers(data.points[kind].photograph), (p) => strength(sceneOf(p), rest)),
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

  const strength = (scene, faint) => (!state.scenes.length ? faint : chosen(scene) ? 1 : 0.06);

  function paintLines(name, lines) {
    const columns = (rows, of) => Object.fromEntries(Object.keys(of).map((key) => [key, rows.map(of[key])]));
    const look = { colour: (l) => l.colour, alpha: (l) => l.alpha };
    const ends = { x0: (l) => l.from[0], y0: (l) => l.from[1], x1: (l) => l.to[0], y1: (l) => l.to[1] };
    layer(name).data = columns(lines, { ...ends, ...look });
    const heads = layer(`${name}-heads`);
    const angle = ({ from, to }) => Math.atan2(to[1] - from[1], to[0] - from[0]) - Math.PI / 2;
    if (heads) heads.data = columns(lines.filter((l) => l.head), { x: ends.x1, y: ends.y1, angle, ...look });
  }

  function arrows(centre) {
    if (!state.show.has("arrows")) return [];
    return [...grouped((photo) => photo)].filter(([p]) => photographs[p].low !== undefined).map(([p, values]) => ({
      from: centre[photographs[p].low], to: centre[p], head: true,
      colour: ramps.pull[Math.round(50 * Math.min(Math.max(middle(values) + 1, 0), 2))], alpha: strength(sceneOf(p), 0.6),
    }));
  }

  let ladderScenes = []; // the scene of each segment, for hovering

  function ladders(centre) {
    ladderScenes = [];
    return [...(state.show.has("ladders") ? data.scenes.keys() : state.scenes)].flatMap((scene) => {
      const rungs = data.scenes[scene].ladder; // darkest first, clear last
      return rungs.slice(1).map((to, i) => {
        ladderScenes.push(scene);
        const head = photographs[to].kind === "clear";
        return { from: centre[rungs[i]], to: centre[to], head, colour: "#333333", alpha: strength(scene, 0.5) };
      });
    });
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
    for (const [range, start, end] of [[plot.x_range, (x0 + x1) / 2 - w, (x0 + x1) / 2 + w],
                                       [plot.y_range, (y0 + y1) / 2 - h, (y0 + y1) / 2 + h]])
      range.setv({ start, end, reset_start: start, reset_end: end });
  }

  function move(target, morph) {
    cancelAnimationFrame(moving);
    moving = 0;
    const from = places;
    const begin = performance.now();
    const step = (now) => {
      const t = Math.min(Math.max((now - begin) / MORPH, 0), 1);
      places = t < 1 ? between(from, target, t) : target;
      moving = t < 1 ? requestAnimationFrame(step) : 0;
      paint();
    };
    if (morph && from && !calm.matches) moving = requestAnimationFrame(step);
    else step(begin + MORPH);
  }

  // the interval over scenes, from the medians of 200 draws with replacement: the same ones each time
  function interval(lists) {
    let seed = 1;
    const drawn = () => lists[Math.floor(lists.length * ((seed = (seed * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32))];
    const medians = Float64Array.from({ length: 200 }, () => middle(lists.flatMap(drawn))).sort();
    const below = Math.floor(2 * data.below[lists.length]);
    return [medians[below], medians[199 - below]];
  }

  function tellPull() {
    const frame = data.frames[still()];
    const control = state.show.has("control");
    const lists = [...grouped(sceneOf).values()];
    const known = control ? frame.control_pull : frame.pull;
    const [all, low, high] = !state.scenes.length ? known :
      [middle(lists.flat()), ...(lists.length > 1 ? interval(lists) : [null, null])];
    const pulled = lists.filter((values) => middle(values) > 0.5).length;
    const bounds = low === null ? `(${lists.flat().length} regions)` : `[${lists.length < data.enough ? "range" : "95 %"}: ${low.toFixed(2)}, ${high.toFixed(2)}]`;
    const told = all === null ? "no clear photographs to measure towards" :
      `${pulled} of ${lists.length} ${state.scenes.length ? "chosen " : ""}scene${lists.length > 1 ? "s" : ""} ` +
      `pulled more than half way, median ${all.toFixed(2)} ${bounds}`;
    element("pull").textContent = `${control ? "Control" : state.side === "with" ? "With LACR" : "Without LACR"}: ${told}`;
    const other = frame.control_pull[0];
    element("control").textContent = other === null ? "" : `Towards the clear region of another scene (all scenes): ${other.toFixed(2)}.`;
  }

  function tellTrust() {
    const map = data.maps[state.map];
    const { trust, continuity } = drawn(map);
    const film = map.frames[still()] ? "" : " Only UMAP has the film; this is the finished model.";
    const lies = map.wander === null || state.film !== last ? "" :
      ` From one model to the other clear points move by ${(100 * map.wander).toFixed(1)} % of the map (median).`;
    element("trust").textContent = `${map.name}: trustworthiness ${trust}, continuity ${continuity} (15 neighbours). ` +
      `Enhanced points (hollow): ${map.placed}.${lies}${film}`;
  }

  function sentence() {
    const scene = state.scenes.at(-1); // the one whose family is shown
    const way = middle(grouped(sceneOf).get(scene) ?? []);
    const pulled = way === null ? "" : `; ${state.side === "with" ? "with" : "without"} LACR its regions went ${way.toFixed(2)} of the way to clear (median)`;
    return (state.scenes.length > 1 ? `${state.scenes.length} scenes chosen, the last: ` : "") +
      `${data.scenes[scene].name}: ${data.scenes[scene].family.flat().length} photographs${pulled}. ${ladderWords(scene)}`;
  }

  function ladderWords(scene) {
    const numbersOf = data.scenes[scene][state.side];
    const [straight, rank] = (numbersOf ?? []).map((v) => (v === null ? "unknown" : v.toFixed(2)));
    return !numbersOf ? "" : `Its exposures: straightness ${straight}, rank correlation with log exposure ${rank}.`;
  }

  function remember() {
    const parts = new URLSearchParams({ map: data.maps[state.map].name, side: state.side, film: state.film,
      colour: state.colour, show: [...state.show].join(","), view: state.view ?? "" });
    for (const scene of state.scenes) parts.append("scene", data.scenes[scene].name);
    history.replaceState(null, "", `#${parts}`);
  }

  function remembered() {
    const parts = new URLSearchParams(location.hash.slice(1));
    return { ...Object.fromEntries(parts), scene: parts.getAll("scene") };
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
      scenes: data.scenes.flatMap(({ name }, i) => ([parts.scene].flat().includes(name) ? [i] : [])),
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
    if ("scenes" in change) showFamily();
    remember();
  }

  function showControls() {
    document.querySelector(`[name=side][value=${state.side}]`).checked = true;
    document.querySelectorAll("#layers input").forEach((box) => (box.checked = state.show.has(box.value)));
    for (const id of ["map", "colour"]) element(id).value = state[id];
    for (const option of element("scene").options) {
      const on = option.value === "" ? !state.scenes.length : state.scenes.includes(Number(option.value));
      if (option.selected !== on) option.selected = on; // or the keyboard loses its place
    }
    element("key").className = state.colour;
    element("trails").hidden = !data.changed || !state.show.has("trails");
    element("step").value = state.film;
    if (state.film !== last) element("film").open = true;
    const { step } = data.frames[still()];
    element("step-name").textContent = step === null ? "finished model" : step === 0 ? "untrained" : `step ${step}`;
    document.querySelectorAll("#tour button").forEach((b, i) => b.setAttribute("aria-pressed", i + 1 === state.view));
    element("view-text").textContent = state.view ? data.views[state.view - 1].text : "";
    const cursor = element("cursor");
    if (cursor) for (const end of ["x1", "x2"]) cursor.setAttribute(end, cursor.dataset.x.split(" ")[state.film]);
  }

  function showFamily() {
    const shown = state.scenes.at(-1);
    element("said").textContent = shown === undefined ? "No scene chosen." : sentence();
    element("family").replaceChildren(...(shown === undefined ? [] : data.scenes[shown].family.map(row)));
  }

  let hovered = "";

  function hover(name, i) {
    if (hovered === (hovered = `${name} ${i} ${state.side}`)) return;
    if (name === "ladders")
      return void (element("hovered").textContent = `${data.scenes[ladderScenes[i]].name}. ${ladderWords(ladderScenes[i])}`);
    const found = photoOf(name, i);
    const photo = state.side === "without" && found.twin !== undefined ? photographs[found.twin] : found;
    const region = ["row", "col"].map((part) => numbers(data.points[name][part])[i]);
    element("hovered").replaceChildren(draw(photo, region, `${data.scenes[photo.scene].name}\n${photo.words}`));
  }

  let pointer = { adds: false, done: true }; // what a tap does, and whether it was done: once a tap

  function tap(name, i) {
    if (i === undefined || pointer.done) return;
    pointer.done = true;
    const scene = name === "ladders" ? ladderScenes[i] : photoOf(name, i).scene;
    const others = state.scenes.filter((one) => one !== scene);
    set({ scenes: !pointer.adds ? [scene] : others.length < state.scenes.length ? others : [...others, scene] }, false);
    hover(name, i);
  }

  function picked(field) { // "all" taken after others lets go of them; the last one picked comes last
    const values = [...field.selectedOptions].map((option) => option.value);
    if (values.includes("") && state.scenes.length) return { scenes: [] };
    const scenes = values.filter((value) => value !== "").map(Number);
    return { scenes: [...state.scenes.filter((s) => scenes.includes(s)), ...scenes.filter((s) => !state.scenes.includes(s))] };
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
    on("scene", picked);
    on("sides", (field) => ({ side: field.value, scenes: state.scenes }));
    on("step", (field) => ({ film: Number(field.value), map: 0 }));
    on("layers", () => ({ show: new Set([...document.querySelectorAll("#layers :checked")].map((box) => box.value)) }));
    element("brighten").addEventListener("input", showFamily);
    element("play").addEventListener("click", play);
    element("controls").addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", () => set(asked(remembered())));
    addEventListener("pointerdown", (e) => (pointer = { adds: e.shiftKey || e.ctrlKey || e.metaKey, done: false }), true);
    for (const size of ["inner_width", "inner_height"])
      layer("map").properties[size].change.connect(() => fitRanges(data.maps[state.map].bounds));
    data.views.forEach(({ title, state: parts }, i) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${i + 1} ${title}` });
      button.addEventListener("click", () => set(asked({ ...parts, view: i + 1 })));
      element("tour").append(button);
    });
  }

  function start() {
    for (const [id, named] of [["map", data.maps], ["scene", data.scenes]])
      element(id).append(...named.map(({ name }, value) => new Option(name, value))); // as text
    document.title = element("title").textContent = `Latent explorer: ${data.dataset}`;
    for (const part of document.querySelectorAll("details[open]")) part.open = innerWidth > 800;
    element("step").max = last;
    element("film").hidden = last === 0;
    element("sides").hidden = data.ends.without === null;
    document.querySelector("[value=trails]").parentNode.hidden = !data.changed;
    element("shuffled").textContent = data.changed && Math.round(100 * data.changed.control);
    listen();
    document.querySelectorAll("[data-scene]").forEach((e) => (e.textContent = data.scenes[e.dataset.scene].name));
    set(asked({ film: "last", ...remembered() }), false);
    document.body.dataset.ready = "yes";
  }

  return { start, hover, tap, places: () => places, still: () => moving === 0 };
})();

/* The time-river: a WebGL2 view of the posts of one appeal.
 *
 * Dash loads this file on every page. It does one thing: it defines
 *
 *     window.groundswellGraph.mount(element, url, {nodeUrl, onSelect})
 *
 * `url` answers with the blob that dashboards/wire.py documents, `nodeUrl` + number + ".json" with
 * what can be said of one post, and `onSelect(number or null)` is told what was clicked. No other
 * host is asked for anything. The promise gives {unmount, select}; a view whose element leaves the
 * document unmounts itself.
 *
 * The camera is a rectangle of the picture, {x0, x1, y0, y1}: hours after the origin, and 0 (top)
 * to 1 (bottom).
 */
(() => {
  "use strict";

  const VERSION = 1;
  const GROUND = [11, 14, 23]; // theme.NIGHT
  const AXIS = 26; // pixels below the river that belong to the time axis
  const REACH = 7; // pixels within which the pointer finds a post
  const LARGEST = 17; // pixels; wire.LARGEST
  const SHORTEST = 1 / 6; // hours; the deepest zoom
  const STYLES = [1, 0.6, 0.45, 0.3]; // strength of observed, object, inferred and hidden links
  const SLOW = 40; // milliseconds a moving frame may take before it draws fewer links
  const HOUR = 3600000;
  const DAY = 24 * HOUR;
  const FONT = "12px Inter, 'Segoe UI', 'Noto Sans', sans-serif";

  const TEXT = {
    noWebgl:
      "This picture needs WebGL2, which this browser does not offer or has switched off. " +
      "Every number on the other pages is complete without it.",
    failed: "The picture could not be loaded. Reload the page to try again.",
    lost: "The graphics card was taken away; the picture comes back with it.",
    inView: (n, all) => `${count(n)} of ${count(all)} placed posts in view`,
    below: (n) => (n === 1 ? "1 post hangs from it" : `${count(n)} posts hang from it`),
    label: (posts, lanes, from, to) =>
      `Time-river of ${count(posts)} posts in ${lanes} lanes, one for each platform, from ${from} ` +
      `to ${to} UTC. Arrow keys pan, plus and minus zoom, 0 resets, A shows all of time, Enter ` +
      "selects the post in view from which most hangs, Escape clears.",
    buttons: { "+": "Zoom in", "−": "Zoom out", "⟲": "Reset the view", "⟷": "Show all of time" },
  };

  const language = document.documentElement.lang || "en-GB";
  const count = (n) => n.toLocaleString(language);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const clock = (parts) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...parts }).format;

  // ── The blob ────────────────────────────────────────────────────────────────────────────────

  /** Views into the blob; nothing is copied but the lanes. */
  function decode(buffer) {
    const head = new DataView(buffer, 0, 64);
    const word = (at) => head.getUint32(at, true);
    const real = (at) => head.getFloat64(at, true);
    if (word(0) !== 0x52545347 || word(4) !== VERSION) throw new Error("not a time-river"); // "GSTR"
    const [n, m] = [word(8), word(12)];
    let at = 64;
    const take = (Type, length) => {
      const view = new Type(buffer, at, length);
      at += view.byteLength;
      return view;
    };
    return {
      n, m, origin: real(16), first: real(24), last: real(32), open: [real(40), real(48)],
      xy: take(Float32Array, 2 * n), radius: take(Float32Array, n), rgba: take(Uint8Array, 4 * n),
      links: take(Uint32Array, 2 * m), style: take(Uint8Array, m),
      lanes: JSON.parse(new TextDecoder().decode(take(Uint8Array, word(56)))),
    };
  }

  /** Number of the first post at or after x: posts come in the order of time. */
  function firstAt(xy, x) {
    let [low, high] = [0, xy.length / 2];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xy[2 * middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Call with every post inside a rectangle of the picture. */
  function within(xy, { x0, x1, y0, y1 }, call) {
    for (let post = firstAt(xy, x0); xy[2 * post] <= x1; post += 1) {
      if (xy[2 * post + 1] >= y0 && xy[2 * post + 1] <= y1) call(post);
    }
  }

  /** A function from a post to its branch: all it hangs from, all that hangs from it, and the links. */
  function family({ n, m, links }) {
    const [parent, eldest, younger] = [0, 1, 2].map(() => new Int32Array(n).fill(-1));
    for (let i = 0; i < 2 * m; i += 2) {
      const [up, node] = [links[i], links[i + 1]];
      parent[node] = up;
      younger[node] = eldest[up];
      eldest[up] = node;
    }
    return (node) => {
      const nodes = [node];
      for (let i = 0; i < nodes.length; i += 1) {
        for (let child = eldest[nodes[i]]; child >= 0; child = younger[child]) nodes.push(child);
      }
      for (let up = parent[node]; up >= 0; up = parent[up]) nodes.push(up);
      const linked = nodes.filter((one) => parent[one] >= 0);
      return { nodes, links: linked.flatMap((one) => [parent[one], one]) };
    };
  }

  // ── The graphics card ───────────────────────────────────────────────────────────────────────

  const CAMERA = `#version 300 es
    layout(location = 0) in vec2 place;
    layout(location = 1) in vec4 tint;
    layout(location = 2) in float radius;
    uniform vec2 corner, scale;
    uniform float strength, magnify, limit;
    out vec4 colour;
    out float disc, whole;
    void project() {
      vec2 seen = (place - corner) * scale;
      gl_Position = vec4(seen.x - 1., 1. - seen.y, 0., 1.);
      colour = tint * vec4(1., 1., 1., strength);
    }`;
  const INK = `#version 300 es
    precision mediump float;
    in vec4 colour; in float disc, whole; out vec4 ink;`;
  const LINK = [
    `${CAMERA} void main() { project(); }`,
    `${INK} void main() { ink = vec4(colour.rgb * colour.a, colour.a * .6); }`,
  ];
  // A post is a disc; a large one is white-hot in the middle and glows. Glow adds, ink covers.
  const POST = [
    `${CAMERA} void main() {
      project();
      disc = radius * magnify;
      whole = min(disc + 1. + 1.6 * max(disc - 2.5, 0.), limit / 2.);
      gl_PointSize = 2. * whole;
    }`,
    `${INK} void main() {
      float away = length(gl_PointCoord * 2. - 1.) * whole;
      float core = 1. - smoothstep(disc - .8, disc + .6, away);
      float glow = .45 * pow(max(1. - away / whole, 0.), 2.) * step(2.5, disc);
      float heat = .55 * smoothstep(3., 9., disc) * (1. - smoothstep(0., disc, away));
      float alpha = colour.a * max(core, glow);
      ink = vec4(mix(colour.rgb, vec3(1.), heat) * alpha, alpha * (core < glow ? .25 : .8));
    }`,
  ];

  /** Draws one blob; is made anew when the graphics card was lost. */
  class Painter {
    constructor(gl, blob) {
      Object.assign(this, { gl, blob, branch: null });
      this.limit = gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE)[1];
      this.link = this.program(LINK);
      this.post = this.program(POST);
      this.links = this.buffer(gl.ELEMENT_ARRAY_BUFFER, blob.links);
      [[blob.xy, 2, gl.FLOAT], [blob.rgba, 4, gl.UNSIGNED_BYTE], [blob.radius, 1, gl.FLOAT]].forEach(
        ([data, size, type], location) => {
          this.buffer(gl.ARRAY_BUFFER, data);
          gl.enableVertexAttribArray(location);
          gl.vertexAttribPointer(location, size, type, true, 0, 0);
        });
      gl.clearColor(...GROUND.map((part) => part / 255), 1);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    }

    program(sources) {
      const { gl } = this;
      const program = gl.createProgram();
      [gl.VERTEX_SHADER, gl.FRAGMENT_SHADER].forEach((type, i) => {
        const shader = gl.createShader(type);
        gl.shaderSource(shader, sources[i]);
        gl.compileShader(shader);
        gl.attachShader(program, shader);
      });
      gl.linkProgram(program);
      return program;
    }

    buffer(target, data) {
      const buffer = this.gl.createBuffer();
      this.gl.bindBuffer(target, buffer);
      this.gl.bufferData(target, data, this.gl.STATIC_DRAW);
      return buffer;
    }

    /** Light up one branch and dim the rest, or null for everything. */
    highlight(branch) {
      const { gl } = this;
      Object.values(this.branch ?? {}).forEach(([buffer]) => gl.deleteBuffer(buffer));
      const load = (list) => [this.buffer(gl.ELEMENT_ARRAY_BUFFER, Uint32Array.from(list)), list.length];
      this.branch = branch && { nodes: load(branch.nodes), links: load(branch.links) };
    }

    use(program, camera, ratio) {
      const { gl } = this;
      const at = (name) => gl.getUniformLocation(program, name);
      gl.useProgram(program);
      gl.uniform2f(at("corner"), camera.x0, camera.y0);
      gl.uniform2f(at("scale"), 2 / (camera.x1 - camera.x0), 2 / (camera.y1 - camera.y0));
      gl.uniform1f(at("magnify"), camera.magnify * ratio);
      gl.uniform1f(at("limit"), this.limit);
      const strength = at("strength");
      return (value) => gl.uniform1f(strength, value);
    }

    /** Paint what the camera sees; `share` of the links, each the stronger the fewer there are. */
    paint(camera, ratio, share) {
      const { gl, blob, branch } = this;
      const axis = Math.round(AXIS * ratio);
      gl.viewport(0, axis, gl.canvas.width, gl.canvas.height - axis);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const listed = (mode, [buffer, length]) => {
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
        gl.drawElements(mode, length, gl.UNSIGNED_INT, 0);
      };
      const dim = branch ? 0.16 : 1;
      let strength = this.use(this.link, camera, ratio);
      this.paintLinks(share, (style) => strength(
        (STYLES[style] * dim * clamp((7 * camera.magnify) / Math.sqrt(blob.m), 0.035, 0.5)) / Math.sqrt(share)));
      if (branch) {
        strength(clamp(12 / Math.sqrt(branch.links[1]), 0.05, 0.7));
        listed(gl.LINES, branch.links);
      }
      strength = this.use(this.post, camera, ratio);
      strength(dim);
      gl.drawArrays(gl.POINTS, 0, blob.n);
      if (branch) {
        strength(1);
        listed(gl.POINTS, branch.nodes);
      }
    }

    /** The blob sorts links by style; within a style the first ones are a fair sample. */
    paintLinks(share, prepare) {
      const { gl, blob } = this;
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.links);
      for (let first = 0, next; first < blob.m; first = next) {
        const style = blob.style[first];
        next = blob.style.lastIndexOf(style) + 1;
        prepare(style);
        gl.drawElements(gl.LINES, 2 * Math.ceil((next - first) * share), gl.UNSIGNED_INT, 8 * first);
      }
    }
  }

  // ── Time axis and lane names ────────────────────────────────────────────────────────────────

  const STEPS = [
    ...[1, 5, 15, 30, 60, 180, 360, 720].map((minutes) => (minutes * HOUR) / 60),
    ...[1, 2, 7, 14].map((days) => days * DAY),
  ];
  const MONTHS = [1, 3, 6, 12, 24, 60, 120];
  const MONDAY = 4 * DAY; // 5 January 1970: weeks are counted from here

  /** Round times between two times, at most `most` of them, and how to write each. */
  function ticks(from, to, most) {
    const times = [];
    const step = STEPS.find((one) => (to - from) / one <= most);
    const months = MONTHS.find((one) => (to - from) / (30.4 * DAY * one) <= most) ?? 1200;
    if (!step) {
      for (let month = -6000; Date.UTC(1970, month) <= to; month += months) times.push(Date.UTC(1970, month));
      return { times: times.filter((time) => time >= from), write: clock({ month: "short", year: "numeric" }) };
    }
    const phase = step < 7 * DAY ? 0 : MONDAY;
    for (let time = Math.ceil((from - phase) / step) * step + phase; time <= to; time += step) times.push(time);
    const day = clock({ day: "numeric", month: "short" });
    const hour = clock({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const clocked = step < DAY ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : {};
    const full = clock({ day: "numeric", month: "short", year: "numeric", ...clocked });
    return { times, write: (time, first) => (first ? full : time % DAY ? hour : day)(time) };
  }

  /** Draw the time axis over a picture of some width, `river` pixels high without the axis. */
  function drawAxis(pen, origin, { x0, x1 }, width, river) {
    const { times, write } = ticks(origin + x0 * HOUR, origin + x1 * HOUR, Math.max(2, width / 95));
    pen.fillStyle = `rgb(${GROUND})`;
    pen.fillRect(0, river, width, AXIS);
    let free = 2; // labels start right of here
    for (const time of times) {
      const x = (((time - origin) / HOUR - x0) / (x1 - x0)) * width;
      const label = write(time, free === 2);
      const half = pen.measureText(label).width / 2;
      pen.fillStyle = "rgba(160, 175, 205, 0.13)";
      pen.fillRect(Math.round(x), 0, 1, river + 4);
      if (x - half < free || x + half > width - 40) continue;
      free = x + half + 14;
      pen.fillStyle = "#aab3c5";
      pen.fillText(label, x - half, river + AXIS / 2 + 1);
    }
    pen.fillStyle = "#aab3c5";
    pen.fillText("UTC", width - 32, river + AXIS / 2 + 1);
  }

  function drawLanes(pen, lanes, { y0, y1 }, width, river) {
    const toY = (y) => ((y - y0) / (y1 - y0)) * river;
    for (const { name, colour, posts, top, bottom } of lanes) {
      const y = clamp(toY(top), 0, river) + 14;
      if (y > Math.min(toY(bottom), river)) continue;
      const label = `${name}  ${count(posts)}`;
      pen.fillStyle = "rgba(160, 175, 205, 0.16)";
      pen.fillRect(0, Math.round(toY(top)), width, 1);
      pen.fillStyle = `rgba(${GROUND}, 0.72)`;
      pen.fillRect(6, y - 10, pen.measureText(label).width + 28, 20);
      pen.fillStyle = colour;
      pen.fillRect(12, y - 4, 8, 8);
      pen.fillStyle = "#dfe4ee";
      pen.fillText(label, 26, y + 1);
    }
  }

  // ── The view ────────────────────────────────────────────────────────────────────────────────

  const LAYER = "position:absolute;inset:0;width:100%;height:100%;display:block;";
  const LABEL = `position:absolute;font:${FONT};color:#dfe4ee;background:rgba(${GROUND},.85);`;
  const BOX = "border:1px solid #39435a;border-radius:6px;";
  const NOTE = `${LABEL}right:10px;top:6px;padding:2px 6px;pointer-events:none;`;
  const TIP = `${LABEL}${BOX}left:0;top:0;max-width:280px;padding:6px 10px;line-height:1.5;` +
    "pointer-events:none;white-space:pre-line;overflow-wrap:anywhere;";
  const TOOLS = "position:absolute;right:10px;bottom:36px;display:grid;gap:4px;";
  const BUTTON = `${BOX}width:32px;height:32px;padding:0;color:#dfe4ee;background:#181d2b;cursor:pointer;`;
  const MESSAGE = "display:grid;place-content:center;height:100%;padding:0 12%;text-align:center;color:#c6cddb;";

  function made(tag, style, attributes = {}) {
    const element = Object.assign(document.createElement(tag), attributes);
    element.style.cssText = style;
    return element;
  }

  class View {
    constructor(element, blob, options) {
      Object.assign(this, { element, blob, options, selected: null, hovered: null, share: 1 });
      this.home = { x0: blob.open[0], x1: blob.open[1], y0: 0, y1: 1 };
      this.camera = this.home;
      this.ends = new AbortController(); // of every listener and every question to the server
      this.told = new Map(); // answers of the server, by post
      this.fingers = new Map(); // where each pointer that is down was last seen
      this.build();
      this.watch();
    }

    build() {
      const { blob, element } = this;
      const day = clock({ dateStyle: "long" });
      const [from, to] = [blob.first, blob.last].map((x) => day(blob.origin + x * HOUR));
      this.canvas = made("canvas", `${LAYER}cursor:crosshair;touch-action:pan-y;`, {
        tabIndex: 0, role: "img", ariaLabel: TEXT.label(blob.n, blob.lanes.length, from, to),
      });
      this.ruler = made("canvas", `${LAYER}pointer-events:none;`, { ariaHidden: "true" });
      this.note = made("div", NOTE);
      this.tip = made("div", TIP, { hidden: true });
      const tools = made("div", TOOLS);
      Object.entries(TEXT.buttons).forEach(([face, title], i) => {
        const button = made("button", BUTTON, { type: "button", textContent: face, title, ariaLabel: title });
        button.addEventListener("click", () => this.act(["+", "-", "0", "a"][i]));
        tools.append(button);
      });
      element.style.position = "relative";
      element.style.overflow = "hidden";
      element.replaceChildren(this.canvas, this.ruler, this.note, tools, this.tip);
      this.gl = this.canvas.getContext("webgl2", { antialias: false, alpha: false });
      this.painter = new Painter(this.gl, blob);
    }

    watch() {
      const on = (name, call) =>
        this.canvas.addEventListener(name, call, { signal: this.ends.signal, passive: false });
      on("wheel", (event) => this.wheel(event));
      on("pointerdown", (event) => this.press(event));
      on("pointermove", (event) => this.move(event));
      on("pointerup", (event) => this.release(event));
      on("pointercancel", (event) => this.fingers.delete(event.pointerId));
      on("pointerleave", () => this.hover(null));
      on("keydown", (event) => {
        if (!event.ctrlKey && !event.metaKey && !event.altKey && this.act(event.key)) event.preventDefault();
      });
      on("webglcontextlost", (event) => {
        event.preventDefault(); // else it never comes back
        this.painter = null;
        this.note.textContent = TEXT.lost;
      });
      on("webglcontextrestored", () => {
        this.painter = new Painter(this.gl, this.blob);
        this.select(this.selected);
      });
      this.resized = new ResizeObserver(() => (this.element.isConnected ? this.request() : this.unmount()));
      this.resized.observe(this.element);
    }

    get width() { return Math.max(this.canvas.clientWidth, 1); }
    get river() { return Math.max(this.canvas.clientHeight - AXIS, 1); }
    get span() { return [this.camera.x1 - this.camera.x0, this.camera.y1 - this.camera.y0]; }

    /** How much larger posts are than their radius says: tuned on 20,000 in a large window. */
    get magnify() {
      const crowd = ((this.width * this.river) / 8e5) ** 2.5 * (2e4 / this.blob.n);
      const zoom = (this.home.x1 - this.home.x0) / (this.span[0] * this.span[1]);
      return clamp(crowd ** 0.15, 0.6, 1.8) * clamp(zoom, 0.5, 300) ** 0.2;
    }

    // Drawing: a moving frame that takes too long draws fewer links, a resting one draws all

    request(moving = false) {
      this.moving = moving;
      this.frame ??= requestAnimationFrame((time) => {
        this.frame = null;
        if (this.painter && this.canvas.clientWidth) this.draw(time);
      });
    }

    draw(time) {
      const took = time - this.drawn;
      this.drawn = time;
      if (this.moving && took > SLOW && took < 500) this.share = Math.max(this.share * 0.6, 0.02);
      const ratio = window.devicePixelRatio || 1;
      for (const canvas of [this.canvas, this.ruler]) {
        const [width, height] = [this.width, this.river + AXIS].map((one) => Math.round(one * ratio));
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      }
      this.painter.paint({ ...this.camera, magnify: this.magnify }, ratio, this.moving ? this.share : 1);
      const pen = this.ruler.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, this.width, this.river + AXIS);
      Object.assign(pen, { font: FONT, textBaseline: "middle" });
      drawAxis(pen, this.blob.origin, this.camera, this.width, this.river);
      drawLanes(pen, this.blob.lanes, this.camera, this.width, this.river);
      let seen = 0;
      within(this.blob.xy, this.camera, () => { seen += 1; });
      this.note.textContent = TEXT.inView(seen, this.blob.n);
      clearTimeout(this.resting);
      if (this.moving) this.resting = setTimeout(() => this.request(), 160);
    }

    // The camera

    set({ x0, x1, y0, y1 }, moving = true) {
      const { home, blob } = this;
      const beyond = (home.x1 - home.x0) / 2;
      const [low, high] = [Math.min(blob.first, home.x0) - beyond, Math.max(blob.last, home.x1) + beyond];
      const [wide, tall] = [clamp(x1 - x0, SHORTEST, high - low), clamp(y1 - y0, 0.01, 1)];
      const [x, y] = [clamp((x0 + x1 - wide) / 2, low, high - wide), clamp((y0 + y1 - tall) / 2, 0, 1 - tall)];
      this.camera = { x0: x, x1: x + wide, y0: y, y1: y + tall };
      this.hover(null);
      this.request(moving);
    }

    pan(dx, dy) {
      const { x0, x1, y0, y1 } = this.camera;
      const [x, y] = [(dx / this.width) * this.span[0], (dy / this.river) * this.span[1]];
      this.set({ x0: x0 - x, x1: x1 - x, y0: y0 - y, y1: y1 - y });
    }

    /** The camera after scaling time, and what lies across it, about a point of the screen. */
    scaled(factor, px, py, across = 1) {
      const { x0, x1, y0, y1 } = this.camera;
      const [x, y] = this.place(px, py);
      const about = (centre, edge, by) => centre + (edge - centre) * by;
      return { x0: about(x, x0, factor), x1: about(x, x1, factor), y0: about(y, y0, across), y1: about(y, y1, across) };
    }

    /** Glide to a camera, or jump there where motion is not wanted. */
    fly(to) {
      const [from, start] = [this.camera, performance.now()];
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const step = (now) => {
        const part = still ? 1 : clamp((now - start) / 220, 0, 1);
        const between = (name) => [name, from[name] + (to[name] - from[name]) * part * (2 - part)];
        this.set(Object.fromEntries(["x0", "x1", "y0", "y1"].map(between)), part < 1);
        if (part < 1) this.gliding = requestAnimationFrame(step);
      };
      cancelAnimationFrame(this.gliding);
      this.gliding = requestAnimationFrame(step);
    }

    place(px, py) {
      return [this.camera.x0 + (px / this.width) * this.span[0], this.camera.y0 + (py / this.river) * this.span[1]];
    }

    // Wheel, keys and pointers

    at(event) {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    /** The wheel zooms time; with Shift, or as a pinch on a touchpad (told as ctrl), both ways. */
    wheel(event) {
      event.preventDefault();
      const both = event.shiftKey || event.ctrlKey;
      const unit = [1, 16, 400][event.deltaMode];
      if (!both && Math.abs(event.deltaX) > Math.abs(event.deltaY)) return this.pan(-event.deltaX * unit, 0);
      const factor = Math.exp((event.deltaY || event.deltaX) * unit * (event.ctrlKey ? 0.01 : 0.0015));
      this.set(this.scaled(factor, ...this.at(event), both ? factor : 1));
    }

    /** Do what a key asks; false if it asks nothing. */
    act(key) {
      const { blob, home } = this;
      const edge = (blob.last - blob.first + 1) * 0.03;
      const zoom = (factor) => this.fly(this.scaled(factor, this.width / 2, this.river / 2));
      const deeds = {
        ArrowLeft: () => this.pan(80, 0), ArrowRight: () => this.pan(-80, 0),
        ArrowUp: () => this.pan(0, 80), ArrowDown: () => this.pan(0, -80),
        "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6),
        0: () => this.fly(home), a: () => this.fly({ ...home, x0: blob.first - edge, x1: blob.last + edge }),
        Enter: () => this.choose(this.largest()), Escape: () => this.choose(null),
      };
      deeds[key]?.();
      return key in deeds;
    }

    press(event) {
      cancelAnimationFrame(this.gliding);
      this.canvas.setPointerCapture(event.pointerId);
      this.pressed = this.at(event);
      this.fingers.set(event.pointerId, this.pressed);
      this.dragged = this.fingers.size > 1;
    }

    move(event) {
      const [now, before] = [this.at(event), this.fingers.get(event.pointerId)];
      if (!before) return this.point(now);
      this.dragged ||= Math.hypot(now[0] - this.pressed[0], now[1] - this.pressed[1]) > 4;
      this.fingers.set(event.pointerId, now);
      const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
      const part = other ? 0.5 : 1; // of two fingers, each moves the middle by half
      if (this.dragged) this.pan((now[0] - before[0]) * part, (now[1] - before[1]) * part);
      if (!other) return;
      const [was, is] = [before, now].map((one) => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 10));
      this.set(this.scaled(was / is, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2, was / is));
    }

    release(event) {
      this.fingers.delete(event.pointerId);
      if (!this.dragged) this.choose(this.pick(...this.at(event)));
    }

    // Posts under the pointer

    pick(px, py) {
      const { xy, radius } = this.blob;
      const [wide, high] = [this.width / this.span[0], this.river / this.span[1]]; // pixels per unit
      const far = REACH + LARGEST * this.magnify;
      const [x, y] = this.place(px, py);
      let [best, nearest] = [null, REACH];
      within(xy, { x0: x - far / wide, x1: x + far / wide, y0: y - far / high, y1: y + far / high }, (post) => {
        const away = Math.hypot((xy[2 * post] - x) * wide, (xy[2 * post + 1] - y) * high);
        const gap = away - radius[post] * this.magnify;
        if (gap < nearest) [best, nearest] = [post, gap];
      });
      return best;
    }

    largest() {
      const { xy, radius } = this.blob;
      let best = null;
      within(xy, this.camera, (post) => { if (best === null || radius[post] > radius[best]) best = post; });
      return best;
    }

    point(now) {
      this.pointed = now;
      this.pointing ??= requestAnimationFrame(() => {
        this.pointing = null;
        this.hover(this.pick(...this.pointed), ...this.pointed);
      });
    }

    async hover(post, px, py) {
      if (post === this.hovered) return;
      this.hovered = post;
      this.tip.hidden = true;
      const said = post !== null && (await this.ask(post));
      if (!said || post !== this.hovered) return;
      const lines = [`${said.platform} · ${said.kind}`, said.at, said.link, TEXT.below(said.descendants)];
      this.tip.textContent = [...lines, said.account_id].filter(Boolean).join("\n");
      this.tip.hidden = false;
      const { offsetWidth, offsetHeight } = this.tip;
      const left = px + 16 + offsetWidth < this.width ? px + 16 : Math.max(px - 16 - offsetWidth, 4);
      this.tip.style.transform = `translate(${left}px, ${clamp(py - 10, 4, this.river - offsetHeight - 4)}px)`;
    }

    async ask(post) {
      if (!this.told.has(post)) {
        const answer = await fetch(`${this.options.nodeUrl}${post}.json`, { signal: this.ends.signal }).catch(() => null);
        this.told.set(post, answer?.ok ? await answer.json() : null);
      }
      return this.told.get(post);
    }

    choose(post) {
      this.select(post);
      this.options.onSelect?.(post);
    }

    select(post) {
      this.selected = post;
      this.branch ??= family(this.blob);
      this.painter?.highlight(post === null ? null : this.branch(post));
      this.request();
    }

    unmount() {
      this.ends.abort();
      this.resized.disconnect();
      [this.frame, this.gliding, this.pointing].forEach(cancelAnimationFrame);
      clearTimeout(this.resting);
      this.painter = null;
      this.gl.getExtension("WEBGL_lose_context")?.loseContext(); // browsers grant only a few
      this.element.replaceChildren();
    }
  }

  const views = new WeakMap();

  /** Show the blob at `url` in an element, in place of what was there; or say why it cannot be shown. */
  async function mount(element, url, options = {}) {
    const clear = () => views.get(element)?.unmount();
    const say = (words) => {
      clear();
      element.replaceChildren(made("p", `${MESSAGE}font:${FONT};`, { textContent: words }));
    };
    if (!window.WebGL2RenderingContext || !made("canvas", "").getContext("webgl2")) return say(TEXT.noWebgl);
    try {
      const answer = await fetch(url);
      if (!answer.ok) return say(await answer.text());
      const blob = decode(await answer.arrayBuffer());
      clear();
      const view = new View(element, blob, options);
      views.set(element, view);
      return { unmount: () => view.unmount(), select: (post) => view.select(post) };
    } catch (error) {
      console.error(error);
      return say(TEXT.failed);
    }
  }

  window.groundswellGraph = { mount };
})();

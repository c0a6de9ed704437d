/* The pictures of the page Spread: a time-river, a tree and a map, with their scrubber.
 *
 * Dash loads this file on every page. It does one thing: it defines
 *
 *     window.groundswellGraph.mount(element, source, onSelect)
 *
 * `source` is what dashboards/pages/spread.py says: where the blob is that dashboards/wire.py
 * documents, the colours of the look, the filters, and every word in the reader's language.
 * `onSelect(number or null)` is told what was chosen. No other host is asked for anything. A view
 * whose element leaves the document unmounts itself.
 *
 * The camera is a rectangle of the picture, {x0, x1, y0, y1}. In the river x is hours after the
 * origin and y goes from 0 (top) to 1 (bottom), and the two are zoomed apart; elsewhere a unit is
 * as long in either direction.
 */
(() => {
  "use strict";

  const { decode, indexOf, Index, Family, ELSEWHERE, OUTSIDE, JUMP } = window.groundswellData;
  const { Painter } = window.groundswellPaint;

  const AXIS = 26; // pixels below the river that belong to the time axis
  const REACH = 7; // pixels within which the pointer finds a place
  const SHORTEST = 1 / 6; // hours; the deepest zoom of the river
  const NEAREST = 9; // units of a tree or map; the deepest zoom
  const SLOW = 40; // milliseconds a moving frame may take before it draws fewer links
  const REST = 160; // milliseconds after which a view that moved is at rest, if its frames are quick
  const PAUSE = 1500; // milliseconds between two frames that belong to one movement
  const SWIFT = 2e4; // links that a first moving frame draws
  const PLAYED = 24; // seconds that the whole of time takes
  const MARKS = 1000; // of the scrubber
  const STEP = 40; // marks of one step where motion is not wanted
  const NEW = 0.02; // part of the time played in which what arrives is bright
  const EVER = 1e30; // hours
  const HOUR = 3600000;
  const DAY = 24 * HOUR;
  const FONT = "12px Inter, 'Segoe UI', 'Noto Sans', sans-serif";
  const GROWTH = { river: [0.9, 0.6], tree: [0.72, 0.16], map: [1, 0.36] }; // of a place, pixels
  const LINKS = { river: 6, tree: 2.2, map: 9 };
  const JUMPS = { river: 1.3, tree: 4, map: 1.3 }; // how much stronger links between platforms are
  const RINGED = { river: 4.2, tree: 2.6, map: EVER }; // pixels; from there on a jump has a ring

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const filled = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function speaker(told) {
    const language = told === "en" ? "en-GB" : told; // days before months
    const clock = (parts) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...parts }).format;
    const numbers = new Intl.NumberFormat(language);
    const moment = clock({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return { clock, count: (n) => numbers.format(n), moment: (time) => `${moment(time)} UTC` };
  }

  // ── Time axis and names ─────────────────────────────────────────────────────────────────────

  const STEPS = [
    ...[1, 5, 15, 30, 60, 180, 360, 720].map((minutes) => (minutes * HOUR) / 60),
    ...[1, 2, 7, 14].map((days) => days * DAY),
  ];
  const MONTHS = [1, 3, 6, 12, 24, 60, 120];
  const MONDAY = 4 * DAY; // 5 January 1970: weeks are counted from here

  /** Round times between two times, at most `most` of them, and how to write each. */
  function ticks(clock, from, to, most) {
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

  /** What is written over a picture: `pen` draws on the upper canvas, in the colours of a look. */
  class Lettering {
    constructor(canvas, source, say) {
      Object.assign(this, { pen: canvas.getContext("2d"), source, say, look: source.look });
    }

    start(width, height, ratio) {
      const { pen } = this;
      Object.assign(this, { width, height, taken: [] });
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      Object.assign(pen, { font: FONT, textBaseline: "middle", textAlign: "left" });
    }

    faint(part) { this.pen.globalAlpha = part; return this.pen; }

    /** Write words on their own ground, from a point to the right; with a dot if they have a colour. */
    sign(words, x, y, colour) {
      const { pen, look } = this;
      const dot = colour ? 14 : 0;
      const wide = pen.measureText(words).width + dot + 10;
      pen.fillStyle = look.ground;
      this.faint(0.78).fillRect(x - 5, y - 10, wide, 20);
      this.faint(1);
      if (colour) {
        pen.fillStyle = colour;
        pen.fillRect(x, y - 4, 8, 8);
      }
      pen.fillStyle = look.ink;
      pen.fillText(words, x + dot, y + 1);
    }

    /** Write words in the middle of a point, unless other words stand there. */
    label(words, x, y, colour) {
      const wide = this.pen.measureText(words).width + (colour ? 24 : 10);
      const left = clamp(x - wide / 2, 8, this.width - wide - 4);
      const box = [left - 4, y - 12, left + wide + 4, y + 12];
      if (y < 12 || y > this.height - 12 || x < -40 || x > this.width + 40) return;
      if (this.taken.some((one) => box[0] < one[2] && one[0] < box[2] && box[1] < one[3] && one[1] < box[3])) return;
      this.taken.push(box);
      this.sign(words, left + 5, y, colour);
    }

    axis(origin, { x0, x1 }, river) {
      const { pen, look, width } = this;
      const { times, write } = ticks(this.say.clock, origin + x0 * HOUR, origin + x1 * HOUR, Math.max(2, width / 95));
      pen.fillStyle = look.ground;
      pen.fillRect(0, river, width, AXIS);
      let free = 2; // labels start right of here
      for (const time of times) {
        const x = (((time - origin) / HOUR - x0) / (x1 - x0)) * width;
        const label = write(time, free === 2);
        const half = pen.measureText(label).width / 2;
        pen.fillStyle = look.muted;
        this.faint(0.18).fillRect(Math.round(x), 0, 1, river + 4);
        this.faint(1);
        if (x - half < free || x + half > width - 40) continue;
        free = x + half + 14;
        pen.fillText(label, x - half, river + AXIS / 2 + 1);
      }
      pen.fillStyle = look.muted;
      pen.fillText("UTC", width - 32, river + AXIS / 2 + 1);
    }

    lanes(lanes, { y0, y1 }, river) {
      const toY = (y) => ((y - y0) / (y1 - y0)) * river;
      for (const { platform, posts, top, bottom } of lanes) {
        const y = clamp(toY(top), 0, river) + 14;
        if (y > Math.min(toY(bottom), river)) continue;
        this.pen.fillStyle = this.look.muted;
        this.faint(0.25).fillRect(0, Math.round(toY(top)), this.width, 1);
        const { name, colour } = this.source.platforms[platform];
        this.sign(`${name}  ${this.say.count(posts)}`, 12, y, colour);
      }
    }

    /** Name the discs of a tree, or the communities of a map, that are large enough on screen. */
    marks(marks, { x0, x1, y0, y1 }, height) {
      const [wide, high] = [this.width / (x1 - x0), height / (y1 - y0)];
      for (const { x, y, radius, n, platform, community } of marks) {
        if (radius * wide < 26) continue;
        const { name, colour } = this.source.platforms[platform] ?? {};
        const values = { community: this.say.count((community ?? 0) + 1), n: this.say.count(n) };
        const words = name ? `${name}  ${values.n}` : filled(this.source.words.community, values);
        const lift = radius * high - (platform === undefined ? 0 : 12);
        this.label(words, (x - x0) * wide, (y - y0) * high - lift, colour);
      }
    }
  }

  // ── The scrubber ────────────────────────────────────────────────────────────────────────────

  function made(tag, name, attributes = {}) {
    return Object.assign(document.createElement(tag), { className: name, ...attributes });
  }

  /** Play and pause, and a slider over the time in which most happened. */
  class Player {
    constructor(view, [from, to]) {
      const { source, say, blob } = view;
      Object.assign(this, { view, from, to, words: source.words, say });
      this.sorted = Float32Array.from(blob.hours).sort();
      this.element = made("div", "graph-player");
      this.button = made("button", "graph-play", { type: "button" });
      this.slider = made("input", "graph-scrubber", { type: "range", min: 0, max: MARKS, step: 1, value: MARKS, ariaLabel: this.words.scrubber });
      this.output = made("output", "graph-time");
      this.button.addEventListener("click", () => this.toggle());
      this.slider.addEventListener("input", () => this.go(Number(this.slider.value), true));
      this.element.append(this.button, this.slider, this.output);
      this.mark = MARKS;
      this.show();
    }

    get whole() { return this.mark >= MARKS; }
    get hour() { return this.whole ? EVER : this.from + ((this.to - this.from) * this.mark) / MARKS; }

    toggle() {
      if (still()) return this.go(this.whole ? STEP : this.mark + STEP, true);
      if (this.playing) return this.stop();
      const start = this.whole ? 0 : this.mark;
      const began = performance.now();
      const next = (time) => {
        this.go(start + ((time - began) / (PLAYED * 1000)) * MARKS);
        if (this.whole) this.stop();
        else this.playing = requestAnimationFrame(next);
      };
      this.playing = requestAnimationFrame(next);
      this.show();
    }

    stop() {
      cancelAnimationFrame(this.playing);
      this.playing = null;
      this.show();
      this.view.request();
    }

    go(mark, byHand = false) {
      if (byHand && this.playing) this.stop();
      this.mark = clamp(mark, 0, MARKS);
      this.show();
      this.view.request(true);
    }

    show() {
      const face = still() ? ["⏭", this.words.step] : this.playing ? ["❚❚", this.words.pause] : ["▶", this.words.play];
      Object.assign(this.button, { textContent: face[0], title: face[1], ariaLabel: face[1] });
      const there = this.whole ? this.sorted.length : this.sorted.findLastIndex((hour) => hour <= this.hour) + 1;
      const time = this.view.say.moment(this.view.blob.about.origin + (this.whole ? this.to : this.hour) * HOUR);
      const values = { time, n: this.say.count(there), all: this.say.count(this.sorted.length) };
      const sample = this.view.blob.n < this.view.blob.about.held;
      const { everything, until, untilSample } = this.words;
      const said = this.whole ? everything : filled(sample ? untilSample : until, values);
      this.slider.value = this.mark;
      if (this.output.textContent === said) return;
      this.output.textContent = said;
      this.slider.setAttribute("aria-valuetext", said);
    }
  }

  // ── The view ────────────────────────────────────────────────────────────────────────────────

  class View {
    constructor(element, blob, source, onSelect) {
      Object.assign(this, { element, blob, source, onSelect, selected: null, hovered: null, part: null });
      this.say = speaker(source.lang);
      this.river = source.picture === "river";
      this.ends = new AbortController(); // of every listener and every question to the server
      this.fingers = new Map(); // where each pointer that is down was last seen
      this.index = new Index(blob, blob.about.open);
      this.share = clamp(SWIFT / Math.max(blob.m, 1), 0.02, 1);
      this.build();
      this.home = this.fitted(blob.about.open);
      this.camera = this.home;
      this.watch();
    }

    build() {
      const { source, element, blob } = this;
      this.stage = made("div", "graph-stage");
      const label = filled(source.words.label, { n: this.say.count(blob.about.held) });
      this.canvas = made("canvas", "graph-canvas", { tabIndex: 0 });
      this.canvas.setAttribute("role", "application");
      this.canvas.setAttribute("aria-label", label);
      this.over = made("canvas", "graph-over", { ariaHidden: "true" });
      this.note = made("div", "graph-note");
      this.tip = made("div", "graph-tip", { hidden: true });
      const tools = made("div", "graph-tools");
      const buttons = [["+", "+", source.words.closer], ["−", "-", source.words.away], ["⟲", "0", source.words.home]];
      if (this.river) buttons.push(["⟷", "a", source.words.ever]);
      for (const [face, key, title] of buttons) {
        const button = made("button", "graph-tool", { type: "button", textContent: face, title, ariaLabel: title });
        button.addEventListener("click", () => this.act(key));
        tools.append(button);
      }
      this.stage.append(this.canvas, this.over, this.note, tools, this.tip);
      element.replaceChildren(this.stage);
      const stretch = blob.about.stretch;
      this.player = stretch && new Player(this, stretch);
      if (this.player) element.append(this.player.element);
      this.letters = new Lettering(this.over, source, this.say);
      this.gl = this.canvas.getContext("webgl2", { antialias: false, alpha: false });
      this.painter = new Painter(this.gl, blob, source);
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
        this.note.textContent = this.source.words.lost;
      });
      on("webglcontextrestored", () => {
        this.painter = new Painter(this.gl, this.blob, this.source);
        this.part = null;
        this.select(this.selected);
      });
      document.addEventListener("click", (event) => {
        const { save, format } = event.target.closest?.("[data-save]")?.dataset ?? {};
        if (save === this.element.id && format === "png") this.save(save);
      }, { signal: this.ends.signal });
      this.resized = new ResizeObserver(() => (this.element.isConnected ? this.refit() : this.unmount()));
      this.resized.observe(this.element);
    }

    get width() { return Math.max(this.canvas.clientWidth, 1); }
    get axis() { return this.river ? AXIS : 0; }
    get height() { return Math.max(this.canvas.clientHeight - this.axis, 1); }
    get span() { return [this.camera.x1 - this.camera.x0, this.camera.y1 - this.camera.y0]; }
    get layer() { return this.part?.layer ?? this.painter.base; }
    get filtered() { return this.source.kept.from !== null || this.source.kept.to !== null || this.source.kept.platforms.length > 0 || this.source.kept.others; }
    get drawn() { return this.part?.blob ?? this.blob; }

    /** A camera that shows a box: as it is in the river, else with some more on two sides. */
    fitted([x0, x1, y0, y1]) {
      if (this.river) return { x0, x1, y0, y1 };
      const unit = Math.max((x1 - x0) / this.width, (y1 - y0) / this.height) / 2;
      const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
      return { x0: x - unit * this.width, x1: x + unit * this.width, y0: y - unit * this.height, y1: y + unit * this.height };
    }

    /** Look where another view of the same picture looked; posts that came since may move its origin. */
    take({ camera, blob, river }) {
      if (!river && blob !== this.blob) return; // discs and accounts lie elsewhere now
      const shift = river ? (blob.about.origin - this.blob.about.origin) / HOUR : 0;
      this.set({ ...camera, x0: camera.x0 + shift, x1: camera.x1 + shift }, false);
    }

    refit() {
      const before = this.home;
      this.home = this.fitted(this.blob.about.open);
      const { x0, x1, y0, y1 } = this.camera;
      const part = (x1 - x0) / (before.x1 - before.x0);
      if (!this.river) {
        const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
        const [wide, high] = [(this.home.x1 - this.home.x0) * part, (this.home.y1 - this.home.y0) * part];
        this.camera = { x0: x - wide / 2, x1: x + wide / 2, y0: y - high / 2, y1: y + high / 2 };
      }
      this.request();
    }

    /** How much larger places are than their size says. */
    get magnify() {
      const wide = this.home.x1 - this.home.x0;
      if (this.source.picture === "tree") return clamp((0.95 * this.width) / this.span[0], 0.62, 22);
      const crowd = ((this.width * this.height) / 8e5) ** 2.5 * (2e4 / Math.max(this.drawn.about.held, 500));
      const zoom = this.river ? wide / (this.span[0] * this.span[1]) : wide / this.span[0];
      return clamp(crowd ** 0.15, 0.6, 1.8) * clamp(zoom, 0.5, 300) ** (this.river ? 0.2 : 0.45);
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
      const took = time - this.last;
      Object.assign(this, { last: time, pace: this.moving && took < PAUSE ? took : 0 });
      if (this.pace) this.share = clamp(this.share * (took > SLOW ? 0.7 : 1.15), 0.02, 1);
      const ratio = window.devicePixelRatio || 1;
      for (const canvas of [this.canvas, this.over]) {
        const [width, height] = [this.width, this.height + this.axis].map((one) => Math.round(one * ratio));
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      }
      this.paint(ratio);
      this.letter(ratio);
      this.tally();
      this.element.dataset.drawn ??= performance.now();
      clearTimeout(this.resting);
      const rest = Math.max(REST, 2 * this.pace);
      this.resting = setTimeout(() => (this.moving ? this.request() : this.look()), rest);
    }

    paint(ratio) {
      const { player, source } = this;
      const playing = player && !player.whole ? 1 : 0;
      const { from, to, platforms } = source.kept;
      const { origin } = this.blob.about;
      this.painter.paint(this.layer, {
        camera: this.camera, ratio, below: Math.round(this.axis * ratio), magnify: this.magnify,
        growth: GROWTH[source.picture], links: LINKS[source.picture], jumps: JUMPS[source.picture], share: this.moving ? this.share : 1,
        ringed: RINGED[source.picture] * ratio, now: player ? player.hour : EVER, playing, fresh: player ? (player.to - player.from) * NEW : 1,
        shading: playing || this.filtered ? 0 : 0.85,
        kept: {
          platforms,
          when: [from === null ? -10 * EVER : (from - origin) / HOUR, to === null ? 10 * EVER : (to - origin) / HOUR],
        },
      });
    }

    letter(ratio) {
      const { letters, blob, camera } = this;
      letters.start(this.width, this.height + this.axis, ratio);
      if (this.river) {
        letters.axis(blob.about.origin, camera, this.height);
        letters.lanes(blob.about.lanes, camera, this.height);
      } else letters.marks(blob.about.marks, camera, this.height);
    }

    /** Say how many of how many are seen. */
    tally() {
      const { words } = this.source;
      const { blob, index } = this.part ?? this;
      let seen = 0;
      index.within(this.camera, (place) => { if (this.there(place)) seen += 1; });
      const sample = blob.n < blob.about.held;
      const shaded = sample && !this.part && !this.filtered && (!this.player || this.player.whole);
      const all = sample ? blob.about.held : blob.about.all;
      const values = { n: this.say.count(seen), all: this.say.count(all), drawn: this.say.count(blob.n) };
      this.note.textContent = filled(shaded ? words.shaded : sample ? words.sample : words.view, values);
    }

    /** Ask for all that is in view where only a sample of it is drawn. */
    async look() {
      const { blob, camera } = this;
      if (blob.n === blob.about.all || this.asked || this.player?.playing) return;
      const inside = (box) => box && camera.x0 >= box[0] && camera.x1 <= box[1] && camera.y0 >= box[2] && camera.y1 <= box[3];
      const [wide, high] = this.span;
      const [full, tall] = [blob.about.open[1] - blob.about.open[0], blob.about.open[3] - blob.about.open[2]];
      const zoomed = (wide * Math.min(high, tall)) / (full * tall);
      if (zoomed > 0.5) return this.forget();
      const part = this.part;
      if (inside(part?.about.box) && (part.blob.n === part.about.held || zoomed > part.zoomed / 3)) return;
      const rim = [wide, high].map((one) => one * 0.4);
      const box = [camera.x0 - rim[0], camera.x1 + rim[0], camera.y0 - rim[1], camera.y1 + rim[1]];
      this.asked = true;
      const found = await read(`${this.source.blob}&box=${box.join(",")}`, this.ends.signal).catch(() => null);
      this.asked = false;
      if (!found || !this.painter) return;
      const layer = this.painter.layer(found);
      this.part = { blob: found, about: found.about, layer, zoomed, index: new Index(found, box) };
      this.select(this.selected);
    }

    forget() {
      if (!this.part) return;
      this.part = null;
      this.select(this.selected);
    }

    // The camera

    set({ x0, x1, y0, y1 }, moving = true) {
      this.camera = this.river ? this.along(x0, x1, y0, y1) : this.around(x0, x1, y0, y1);
      this.hover(null);
      this.request(moving);
    }

    along(x0, x1, y0, y1) {
      const { home, blob } = this;
      const beyond = (home.x1 - home.x0) / 2;
      const [first, last] = blob.about.span;
      const [low, high] = [Math.min(first, home.x0) - beyond, Math.max(last, home.x1) + beyond];
      const [wide, tall] = [clamp(x1 - x0, SHORTEST, high - low), clamp(y1 - y0, 0.01, 1)];
      const [x, y] = [clamp((x0 + x1 - wide) / 2, low, high - wide), clamp((y0 + y1 - tall) / 2, 0, 1 - tall)];
      return { x0: x, x1: x + wide, y0: y, y1: y + tall };
    }

    around(x0, x1, y0, y1) {
      const { home, blob } = this;
      const most = home.x1 - home.x0;
      const wide = clamp(x1 - x0, Math.min(NEAREST, most), most * 1.5);
      const tall = (wide * (home.y1 - home.y0)) / most;
      const [left, right, top, bottom] = blob.about.open;
      const [x, y] = [clamp((x0 + x1) / 2, left, right), clamp((y0 + y1) / 2, top, bottom)];
      return { x0: x - wide / 2, x1: x + wide / 2, y0: y - tall / 2, y1: y + tall / 2 };
    }

    pan(dx, dy) {
      const { x0, x1, y0, y1 } = this.camera;
      const [x, y] = [(dx / this.width) * this.span[0], (dy / this.height) * this.span[1]];
      this.set({ x0: x0 - x, x1: x1 - x, y0: y0 - y, y1: y1 - y });
    }

    /** The camera after scaling about a point of the screen; of the river time alone, or both ways. */
    scaled(factor, px, py, both = !this.river) {
      const { x0, x1, y0, y1 } = this.camera;
      const [x, y] = this.place(px, py);
      const across = both ? factor : 1;
      const about = (centre, edge, by) => centre + (edge - centre) * by;
      return { x0: about(x, x0, factor), x1: about(x, x1, factor), y0: about(y, y0, across), y1: about(y, y1, across) };
    }

    /** Glide to a camera, or jump there where motion is not wanted. */
    fly(to) {
      const [from, start] = [this.camera, performance.now()];
      const jump = still();
      const step = (now) => {
        const part = jump ? 1 : clamp((now - start) / 220, 0, 1);
        const between = (name) => [name, from[name] + (to[name] - from[name]) * part * (2 - part)];
        this.set(Object.fromEntries(["x0", "x1", "y0", "y1"].map(between)), part < 1);
        if (part < 1) this.gliding = requestAnimationFrame(step);
      };
      cancelAnimationFrame(this.gliding);
      this.gliding = requestAnimationFrame(step);
    }

    place(px, py) {
      return [this.camera.x0 + (px / this.width) * this.span[0], this.camera.y0 + (py / this.height) * this.span[1]];
    }

    // Wheel, keys and pointers

    at(event) {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    /** The wheel zooms; in the river time alone, but with Shift, or as a pinch (told as ctrl), both. */
    wheel(event) {
      event.preventDefault();
      const both = !this.river || event.shiftKey || event.ctrlKey;
      const unit = [1, 16, 400][event.deltaMode];
      if (!both && Math.abs(event.deltaX) > Math.abs(event.deltaY)) return this.pan(-event.deltaX * unit, 0);
      const factor = Math.exp((event.deltaY || event.deltaX) * unit * (event.ctrlKey ? 0.01 : 0.0015));
      this.set(this.scaled(factor, ...this.at(event), both));
    }

    /** Do what a key asks; false if it asks nothing. */
    act(key) {
      const { blob, home, player } = this;
      const zoom = (factor) => this.fly(this.scaled(factor, this.width / 2, this.height / 2));
      const deeds = {
        ArrowLeft: () => this.pan(80, 0), ArrowRight: () => this.pan(-80, 0),
        ArrowUp: () => this.pan(0, 80), ArrowDown: () => this.pan(0, -80),
        "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6),
        0: () => this.fly(home), a: () => this.river && this.fly(this.ever()),
        Enter: () => this.choose(this.next()), Escape: () => this.choose(null),
        " ": () => player?.toggle(),
        "[": () => player?.go((player.whole ? MARKS : player.mark) - STEP, true),
        "]": () => player?.go(player.mark + STEP, true),
      };
      deeds[key]?.();
      return key in deeds;
    }

    ever() {
      const [first, last] = this.blob.about.span;
      const edge = (last - first + 1) * 0.03;
      return { ...this.home, x0: first - edge, x1: last + edge };
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
      this.set(this.scaled(was / is, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2, true));
    }

    release(event) {
      this.fingers.delete(event.pointerId);
      if (!this.dragged) this.choose(this.numbered(this.pick(...this.at(event))));
    }

    // Places under the pointer: by their index in what is drawn, or by their number in the table

    numbered(place) { return place === null ? null : this.drawn.number[place]; }

    size(place) {
      const [least, more] = GROWTH[this.source.picture];
      return Math.min(least + more * this.drawn.below[place] ** 0.36, 17) * this.magnify;
    }

    there(place) { return !this.player || !(this.drawn.hours[place] > this.player.hour); }

    pick(px, py) {
      const { blob: { xy }, index } = this.part ?? this;
      const [wide, high] = [this.width / this.span[0], this.height / this.span[1]]; // pixels per unit
      const far = REACH + 17 * this.magnify;
      const [x, y] = this.place(px, py);
      let [best, nearest] = [null, REACH];
      index.within({ x0: x - far / wide, x1: x + far / wide, y0: y - far / high, y1: y + far / high }, (place) => {
        const away = Math.hypot((xy[2 * place] - x) * wide, (xy[2 * place + 1] - y) * high);
        const gap = away - this.size(place);
        if (gap < nearest && this.there(place)) [best, nearest] = [place, gap];
      });
      return best;
    }

    /** The number of the greatest place in view; of the next one where that is chosen already. */
    next() {
      const { blob: { below, number }, index } = this.part ?? this;
      const seen = [];
      index.within(this.camera, (place) => { if (this.there(place)) seen.push(place); });
      seen.sort((one, two) => below[two] - below[one] || one - two);
      const at = seen.findIndex((place) => number[place] === this.selected);
      return seen.length ? number[seen[(at + 1) % seen.length]] : null;
    }

    point(now) {
      this.pointed = now;
      this.pointing ??= requestAnimationFrame(() => {
        this.pointing = null;
        this.hover(this.pick(...this.pointed), ...this.pointed);
      });
    }

    hover(place, px, py) {
      if (place === this.hovered) return;
      this.hovered = place;
      this.tip.hidden = place === null;
      if (place === null) return;
      this.tip.textContent = this.described(place).join("\n");
      const { offsetWidth, offsetHeight } = this.tip;
      const left = px + 16 + offsetWidth < this.width ? px + 16 : Math.max(px - 16 - offsetWidth, 4);
      this.tip.style.transform = `translate(${left}px, ${clamp(py - 10, 4, this.height - offsetHeight - 4)}px)`;
    }

    /** What the blob tells of a place, in lines. */
    described(place) {
      const { words, kinds, styles, platforms } = this.source;
      const { about, hours, below, group, kind, style } = this.drawn;
      const known = hours[place] > -EVER / 2;
      const sort = about.kinds[kind[place] % ELSEWHERE];
      const link = this.family().link[place];
      const lines = [`${platforms[about.platforms[group[place] % OUTSIDE]].name} · ${kinds[sort]}`];
      lines.push(known ? this.say.moment(about.origin + hours[place] * HOUR) : words.timeless);
      if (this.source.picture !== "map") lines.push(link < 0 ? words.first : styles[about.styles[style[link] % JUMP]].words);
      if (link >= 0 && style[link] >= JUMP && this.source.picture !== "map") lines.push(words.jump);
      return [...lines, filled(words[sort === "several" ? "several" : "below"], { n: this.say.count(below[place]) })];
    }

    family() {
      const of = this.part ?? this;
      of.tied ??= new Family(of.blob);
      return of.tied;
    }

    choose(number) {
      this.select(number);
      this.onSelect?.(number);
    }

    select(number) {
      this.selected = number;
      const place = number === null ? -1 : indexOf(this.drawn.number, number);
      const family = place < 0 ? null : this.family();
      this.painter && this.layer.highlight(family && (this.source.picture === "map" ? family.around(place) : family.branch(place)));
      this.request();
    }

    /** Save what is seen as a picture. */
    save(name) {
      const ratio = window.devicePixelRatio || 1;
      this.paint(ratio); // what was painted before is gone once it has been shown
      const whole = Object.assign(document.createElement("canvas"), { width: this.canvas.width, height: this.canvas.height });
      const pen = whole.getContext("2d");
      pen.drawImage(this.canvas, 0, 0);
      pen.drawImage(this.over, 0, 0);
      whole.toBlob((data) => {
        const link = made("a", "", { href: URL.createObjectURL(data), download: `${name}-${this.source.picture}.png` });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      });
    }

    unmount() {
      this.ends.abort();
      this.player?.stop();
      this.resized.disconnect();
      [this.frame, this.gliding, this.pointing].forEach(cancelAnimationFrame);
      clearTimeout(this.resting);
      this.painter = null;
      this.gl.getExtension("WEBGL_lose_context")?.loseContext(); // browsers grant only a few
      this.element.replaceChildren();
    }
  }

  // ── Mounting ────────────────────────────────────────────────────────────────────────────────

  const views = new WeakMap();
  let left = null; // the view shown last, so that a filter or another look does not move it

  async function read(url, signal) {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw new Error(await answer.text());
    return decode(await answer.arrayBuffer());
  }

  /** Show a picture in an element, in place of what was there; or say why it cannot be shown. */
  async function mount(element, source, onSelect) {
    const say = (words) => {
      views.get(element)?.unmount();
      element.replaceChildren(made("p", "graph-message", { textContent: words }));
    };
    if (!window.WebGL2RenderingContext || !document.createElement("canvas").getContext("webgl2")) {
      return say(source.words.noWebgl);
    }
    try {
      const before = left?.source.blob.split("?")[0] === source.blob.split("?")[0] ? left : null;
      const same = before?.source.blob === source.blob ? before : null;
      const blob = same?.blob ?? (await read(source.blob));
      if (!element.isConnected) return;
      views.get(element)?.unmount();
      const view = new View(element, blob, source, onSelect);
      if (before && before.camera !== before.home) view.take(before);
      if (same?.selected != null) view.choose(same.selected);
      views.set(element, view);
      left = view;
      view.request();
    } catch (error) {
      console.error(error);
      say(source.words.failed);
    }
  }

  window.groundswellGraph = { mount };
})();

/* Paints blobs of dashboards/wire.py with WebGL2: a raster, links and places, by day or by night. */
(() => {
  "use strict";

  const { JUMP } = window.groundswellData;
  const FEW = 8000; // jumps; the more there are, the fainter each
  const PLATFORMS = 32; // colours that the card is told; more share the last one

  const CAMERA = `#version 300 es
    layout(location = 0) in vec2 place;
    layout(location = 1) in float hours;
    layout(location = 2) in float below;
    layout(location = 3) in float group;
    layout(location = 4) in float kind;
    uniform vec2 corner, scale, when, growth;
    uniform float now, fresh, strength, magnify, limit, mask[${PLATFORMS}];
    uniform vec3 palette[${PLATFORMS}], grey;
    out vec3 tint;
    flat out float gone, kept;
    float age;
    void project() {
      vec2 seen = (place - corner) * scale;
      gl_Position = vec4(seen.x - 1., 1. - seen.y, 0., 1.);
      int own = min(int(mod(group, 128.)), ${PLATFORMS - 1});
      kept = mask[own] * step(group, 127.5) * step(when.x, hours) * step(hours, when.y);
      tint = mix(grey, palette[own], kept);
      age = now - hours;
      gone = age < 0. ? 1. : 0.;
    }`;
  // Of the two ends of a link the child comes last: what is flat is the child's.
  const LINK = [
    `${CAMERA} void main() { project(); }`,
    `#version 300 es
    precision mediump float;
    in vec3 tint; flat in float gone, kept; out vec4 ink; uniform float strength, night;
    void main() {
      if (gone > .5) discard;
      float alpha = strength * mix(.25, 1., kept);
      ink = vec4(tint * alpha, alpha * mix(1., .6, night));
    }`,
  ];
  // A place is a disc. By night a large one is white-hot in the middle and glows: glow adds, ink
  // covers. What came from another platform has a ring; what stands for several is hollow.
  const PLACE = [
    `${CAMERA}
    uniform float several, playing, ringed;
    out float disc, whole, ring, hollow, bright;
    void main() {
      project();
      float arrival = playing * clamp(1. - age / fresh, 0., 1.) * kept;
      disc = min(growth.x + growth.y * pow(below, .36), 17.) * magnify * (1. + .9 * arrival);
      ring = kind > 127.5 && disc > ringed ? 1. : 0.;
      hollow = abs(mod(kind, 128.) - several) < .5 ? 1. : 0.;
      bright = arrival;
      whole = min(disc + 1. + 2.4 * ring + 1.6 * max(disc - 2.5, 0.), limit / 2.);
      gl_PointSize = gone > .5 ? 0. : 2. * whole;
      if (gone > .5) gl_Position = vec4(2., 2., 2., 1.);
    }`,
    `#version 300 es
    precision mediump float;
    in vec3 tint; in float disc, whole, ring, hollow, bright;
    flat in float gone, kept; out vec4 ink;
    uniform float strength, night; uniform vec3 rim;
    void main() {
      float away = length(gl_PointCoord * 2. - 1.) * whole;
      float core = 1. - smoothstep(disc - .8, disc + .6, away);
      core *= 1. - hollow * .75 * (1. - smoothstep(disc - 2.6, disc - 1.4, away));
      float glow = night * (.45 + .4 * bright) * pow(max(1. - away / whole, 0.), 2.) * step(2.5, disc) * kept;
      float heat = night * .55 * smoothstep(3., 9., disc) * (1. - smoothstep(0., disc, away)) * kept * (1. - hollow);
      float circle = ring * (1. - smoothstep(.5, 1.1, abs(away - disc - 1.6)));
      float alpha = strength * mix(.3, 1., kept) * max(max(core, glow), circle);
      vec3 colour = mix(mix(tint, vec3(1.), heat), rim, circle);
      ink = vec4(colour * alpha, alpha * (core < glow && circle < .1 ? .25 : mix(1., .8, night)));
    }`,
  ];
  const RASTER = [
    `#version 300 es
    uniform vec2 corner, scale; uniform vec4 box; out vec2 at;
    void main() {
      at = vec2(gl_VertexID % 2, gl_VertexID / 2);
      vec2 seen = (mix(box.xz, box.yw, at) - corner) * scale;
      gl_Position = vec4(seen.x - 1., 1. - seen.y, 0., 1.);
    }`,
    `#version 300 es
    precision mediump float;
    in vec2 at; out vec4 ink; uniform sampler2D raster; uniform float strength;
    void main() { ink = texture(raster, at) * strength; }`,
  ];

  /** Red, green and blue of a colour, 0 … 1. */
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

  /** The buffers of one blob on the graphics card. */
  class Layer {
    constructor(gl, blob) {
      Object.assign(this, { gl, blob, branch: null, array: gl.createVertexArray() });
      gl.bindVertexArray(this.array);
      const { FLOAT, UNSIGNED_INT, UNSIGNED_BYTE } = gl;
      [[blob.xy, 2, FLOAT], [blob.hours, 1, FLOAT], [blob.below, 1, UNSIGNED_INT],
        [blob.group, 1, UNSIGNED_BYTE], [blob.kind, 1, UNSIGNED_BYTE]].forEach(([data, size, type], location) => {
        this.buffer(gl.ARRAY_BUFFER, data);
        gl.enableVertexAttribArray(location);
        gl.vertexAttribPointer(location, size, type, false, 0, 0);
      });
      this.links = this.buffer(gl.ELEMENT_ARRAY_BUFFER, blob.links);
    }

    buffer(target, data) {
      const buffer = this.gl.createBuffer();
      this.gl.bindBuffer(target, buffer);
      this.gl.bufferData(target, data, this.gl.STATIC_DRAW);
      return buffer;
    }

    /** Light up some places and links and dim the rest, or null for everything. */
    highlight(branch) {
      const { gl } = this;
      gl.bindVertexArray(this.array);
      Object.values(this.branch ?? {}).forEach(([buffer]) => gl.deleteBuffer(buffer));
      const load = (list) => [this.buffer(gl.ELEMENT_ARRAY_BUFFER, Uint32Array.from(list)), list.length];
      this.branch = branch && { nodes: load(branch.nodes), links: load(branch.links) };
    }

    listed(mode, [buffer, length]) {
      this.gl.bindBuffer(this.gl.ELEMENT_ARRAY_BUFFER, buffer);
      this.gl.drawElements(mode, length, this.gl.UNSIGNED_INT, 0);
    }

    /** Links by style: the first ones of each are a fair sample. */
    runs(share, call) {
      const { gl, blob } = this;
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.links);
      for (let first = 0, next; first < blob.m; first = next) {
        const style = blob.style[first];
        next = blob.style.lastIndexOf(style) + 1;
        call(style, next - first);
        gl.drawElements(gl.LINES, 2 * Math.ceil((next - first) * share), gl.UNSIGNED_INT, 8 * first);
      }
    }
  }

  /** Paints layers; is made anew when the graphics card was lost. `source` has colours and styles. */
  class Painter {
    constructor(gl, blob, source) {
      Object.assign(this, { gl, source, about: blob.about });
      this.night = source.look.name === "dark" ? 1 : 0;
      this.limit = gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE)[1];
      [this.link, this.place, this.raster] = [LINK, PLACE, RASTER].map((code) => this.program(code));
      this.colours = blob.about.platforms.map((name) => rgb(source.platforms[name].colour));
      this.base = new Layer(gl, blob);
      if (blob.wide) this.texture = this.shaded(blob);
      gl.clearColor(...rgb(source.look.ground), 1);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    }

    layer(blob) { return new Layer(this.gl, blob); }

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
      if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
        throw new Error(gl.getProgramInfoLog(program) || "the picture's program does not link");
      }
      const places = new Map();
      const at = (name) => {
        if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
        return places.get(name);
      };
      return { program, at };
    }

    /** The raster in colours: of the platform of most places, the denser the more there are. */
    shaded({ wide, high, tone, most }) {
      const { gl } = this;
      const pixels = new Uint8Array(4 * wide * high);
      tone.forEach((part, i) => {
        const alpha = (part / 255) ** 1.5;
        const colour = this.colours[Math.min(most[i], this.colours.length - 1)];
        for (let band = 0; band < 3; band += 1) pixels[4 * i + band] = 255 * alpha * colour[band];
        pixels[4 * i + 3] = 255 * alpha;
      });
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, wide, high, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
      return texture;
    }

    use({ program, at }, { camera }) {
      const { gl } = this;
      gl.useProgram(program);
      gl.uniform2f(at("corner"), camera.x0, camera.y0);
      gl.uniform2f(at("scale"), 2 / (camera.x1 - camera.x0), 2 / (camera.y1 - camera.y0));
      return (value) => gl.uniform1f(at("strength"), value);
    }

    /** Tell a program of links or places what is seen, kept and already there. */
    tell({ at }, { ratio, magnify, growth, ringed, now, fresh, playing, kept }) {
      const { gl, source, about } = this;
      const numbers = {
        now, fresh, playing, ringed, night: this.night, magnify: magnify * ratio, limit: this.limit,
        several: about.kinds.indexOf("several"),
      };
      Object.entries(numbers).forEach(([name, value]) => gl.uniform1f(at(name), value));
      gl.uniform2f(at("growth"), ...growth);
      gl.uniform2f(at("when"), ...kept.when);
      gl.uniform3f(at("grey"), ...rgb(source.look.grey));
      gl.uniform3f(at("rim"), ...rgb(source.look.ink));
      gl.uniform3fv(at("palette[0]"), Float32Array.from(this.colours.slice(0, PLATFORMS).flat()));
      const mask = about.platforms.map((name) => (!kept.platforms.length || kept.platforms.includes(name) ? 1 : 0));
      gl.uniform1fv(at("mask[0]"), Float32Array.from(mask.slice(0, PLATFORMS)));
    }

    /** Paint one layer as `scene` says; `scene.share` of the links, each stronger if they are few. */
    paint(layer, scene) {
      const { gl, source, about } = this;
      gl.viewport(0, scene.below, gl.canvas.width, gl.canvas.height - scene.below);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (this.texture && layer === this.base && scene.shading) this.paintRaster(scene);
      gl.bindVertexArray(layer.array);
      const dim = layer.branch ? 0.16 : 1;
      let strength = this.use(this.link, scene);
      this.tell(this.link, scene);
      const crowd = Math.min(Math.max((scene.links * scene.magnify) / Math.sqrt(layer.blob.m), 0.035), 0.5);
      layer.runs(scene.share, (style, many) => {
        const known = source.styles[about.styles[style % JUMP]].strength;
        const jump = style >= JUMP ? Math.max(scene.jumps * Math.min(FEW / many, 1), 0.3) : 1;
        strength(Math.min((jump * known * dim * crowd) / Math.sqrt(scene.share), 0.9));
      });
      if (layer.branch) {
        strength(Math.min(Math.max(12 / Math.sqrt(layer.branch.links[1]), 0.05), 0.7));
        layer.listed(gl.LINES, layer.branch.links);
      }
      strength = this.use(this.place, scene);
      this.tell(this.place, scene);
      strength(dim);
      gl.drawArrays(gl.POINTS, 0, layer.blob.n);
      if (layer.branch) {
        strength(1);
        layer.listed(gl.POINTS, layer.branch.nodes);
      }
    }

    paintRaster(scene) {
      const { gl, about } = this;
      this.use(this.raster, scene)(scene.shading);
      gl.uniform4f(this.raster.at("box"), ...about.open);
      gl.bindVertexArray(null);
      gl.bindTexture(gl.TEXTURE_2D, this.texture);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  window.groundswellPaint = { Painter, rgb };
})();

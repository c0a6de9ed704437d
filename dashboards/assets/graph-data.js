/* What a blob of dashboards/wire.py holds, where things in it are, and what hangs from what. */
(() => {
  "use strict";

  const VERSION = 3;
  const ELSEWHERE = 128; // added to the kind of what came from another platform
  const OUTSIDE = 128; // added to the platform of what filters of language and role leave out
  const JUMP = 8; // added to the style of a link between platforms
  const CELLS = 128; // on each side of the index

  /** Views into the blob; nothing is copied but its words. */
  function decode(buffer) {
    const head = new Uint32Array(buffer, 0, 8);
    if (head[0] !== 0x52545347 || head[1] !== VERSION) throw new Error("not a picture"); // "GSTR"
    const [n, m, wide, high, words] = head.slice(2, 7);
    let at = 32;
    const take = (Type, length) => {
      const view = new Type(buffer, at, length);
      at += view.byteLength;
      return view;
    };
    const blob = {
      n, m, wide, high,
      xy: take(Float32Array, 2 * n), hours: take(Float32Array, n), number: take(Uint32Array, n),
      below: take(Uint32Array, n), links: take(Uint32Array, 2 * m), group: take(Uint8Array, n),
      kind: take(Uint8Array, n), style: take(Uint8Array, m), tone: take(Uint8Array, wide * high),
      most: take(Uint8Array, wide * high),
    };
    return { ...blob, about: JSON.parse(new TextDecoder().decode(take(Uint8Array, words))) };
  }

  /** Index of a value in a list that rises; -1 where it is not there. */
  function indexOf(list, value) {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < value) low = middle + 1;
      else high = middle;
    }
    return list[low] === value ? low : -1;
  }

  /** Finds the places inside a rectangle: a grid over where the picture opens, in order of time. */
  class Index {
    constructor({ n, xy }, [x0, x1, y0, y1]) {
      Object.assign(this, { xy, x0, y0, across: CELLS / (x1 - x0), down: CELLS / (y1 - y0) });
      const cell = Uint16Array.from({ length: n }, (_, i) => this.row(xy[2 * i + 1]) * CELLS + this.column(xy[2 * i]));
      this.start = new Uint32Array(CELLS * CELLS + 1);
      for (const one of cell) this.start[one + 1] += 1;
      for (let i = 0; i < CELLS * CELLS; i += 1) this.start[i + 1] += this.start[i];
      const next = this.start.slice();
      this.held = new Uint32Array(n);
      cell.forEach((one, place) => { this.held[next[one]++] = place; });
    }

    column(x) { return Math.min(Math.max(Math.floor((x - this.x0) * this.across), 0), CELLS - 1); }
    row(y) { return Math.min(Math.max(Math.floor((y - this.y0) * this.down), 0), CELLS - 1); }

    within({ x0, x1, y0, y1 }, call) {
      const { xy, held, start } = this;
      const [left, right] = [this.column(x0), this.column(x1)];
      for (let row = this.row(y0); row <= this.row(y1); row += 1) {
        for (let i = start[row * CELLS + left]; i < start[row * CELLS + right + 1]; i += 1) {
          const [x, y] = [xy[2 * held[i]], xy[2 * held[i] + 1]];
          if (x >= x0 && x <= x1 && y >= y0 && y <= y1) call(held[i]);
        }
      }
    }
  }

  /** What is linked to what: `link` of a place is the number of the link above it, or -1. */
  class Family {
    constructor({ n, m, links }) {
      this.links = links;
      [this.link, this.eldest, this.younger] = [n, n, m].map((size) => new Int32Array(size).fill(-1));
      for (let i = 0; i < m; i += 1) {
        const [up, node] = [links[2 * i], links[2 * i + 1]];
        this.link[node] = i;
        this.younger[i] = this.eldest[up];
        this.eldest[up] = i;
      }
    }

    /** Everything that a post hangs from, everything that hangs from it, and their links. */
    branch(node) {
      const [nodes, links] = [[node], []];
      for (let i = 0; i < nodes.length; i += 1) {
        for (let link = this.eldest[nodes[i]]; link >= 0; link = this.younger[link]) {
          nodes.push(this.links[2 * link + 1]);
          links.push(link);
        }
      }
      for (let link = this.link[node]; link >= 0; link = this.link[this.links[2 * link]]) {
        nodes.push(this.links[2 * link]);
        links.push(link);
      }
      return this.listed(nodes, links);
    }

    /** An account and those that it shared or that shared it. */
    around(node) {
      const [nodes, links] = [[node], []];
      for (let i = 0; i < this.links.length; i += 2) {
        if (this.links[i] !== node && this.links[i + 1] !== node) continue;
        nodes.push(this.links[i] === node ? this.links[i + 1] : this.links[i]);
        links.push(i / 2);
      }
      return this.listed(nodes, links);
    }

    listed(nodes, links) {
      return { nodes, links: links.flatMap((i) => [this.links[2 * i], this.links[2 * i + 1]]) };
    }
  }

  window.groundswellData = { decode, indexOf, Index, Family, ELSEWHERE, OUTSIDE, JUMP };
})();

// Where boxes stand, given which are open.  Each level was laid out beforehand with all boxes closed.  An open box
// grows: what lies beyond it along the arrows makes way, and what stands above and below it moves aside.  Nothing else
// moves, so people find again what they saw before.

const PADDING = 18;
const HEAD = 30; // of an open box, for its name

// One level as boxes with an extent along the arrows (a) and across them (c).
function extents(level, sizes, isAcross) {
  return Object.entries(level.places).map(([key, [x, y, width, height]]) => {
    const size = sizes.get(key) || { width, height };
    const [w, h] = [Math.max(width, size.width), Math.max(height, size.height)];
    const [a, c] = isAcross ? [x, y] : [y, x];
    const [thick, long] = isAcross ? [width, height] : [height, width];
    return {
      key, width: w, height: h, near: a - thick / 2, far: a + thick / 2, middle: c, long,
      more: (isAcross ? w : h) - thick, higher: (isAcross ? h : w) - long, along: 0, aside: 0,
    };
  });
}

// How far what begins at a place is moved along the arrows: an open box moves all beyond it, and those add up that
// stand one behind the other.
function along(opened, at) {
  let shift = 0;
  for (const box of opened) if (box.far <= at + 1) shift = Math.max(shift, box.total);
  return shift;
}

function arrangeLevel(level, sizes, direction) {
  const isAcross = direction === "LR" || direction === "RL";
  const boxes = extents(level, sizes, isAcross);
  const opened = boxes.filter((box) => sizes.has(box.key)).sort((one, other) => one.far - other.far);
  for (const [place, box] of opened.entries()) box.total = box.more + along(opened.slice(0, place), box.near);
  for (const box of boxes) {
    box.along = along(opened, box.near);
    for (const other of opened) {
      if (other !== box && other.near < box.far && box.near < other.far) {
        box.aside += (other.higher / 2) * (box.middle > other.middle ? 1 : -1);
      }
    }
  }
  const places = new Map();
  const byKey = new Map(boxes.map((box) => [box.key, box]));
  let [left, top, right, bottom] = boxes.length ? [Infinity, Infinity, -Infinity, -Infinity] : [0, 0, 0, 0];
  for (const box of boxes) {
    const start = box.near + box.along;
    const beside = box.middle + box.aside - (isAcross ? box.height : box.width) / 2;
    const [x, y] = isAcross ? [start, beside] : [beside, start];
    places.set(box.key, { left: x, top: y, width: box.width, height: box.height });
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + box.width);
    bottom = Math.max(bottom, y + box.height);
  }
  for (const place of places.values()) {
    place.left -= left;
    place.top -= top;
  }
  return { places, routes: moveRoutes(level, byKey, opened, isAcross, [left, top]), width: right - left, height: bottom - top };
}

// A curve goes with the boxes at its ends; between these it is moved little by little.
function moveRoutes(level, boxes, opened, isAcross, [left, top]) {
  const routes = new Map();
  for (const [source, target, points] of level.routes) {
    const [from, to] = [boxes.get(source), boxes.get(target)];
    if (opened.includes(from) || opened.includes(to)) continue;
    const last = points.length - 1;
    routes.set(`${source} ${target}`, points.map((point, place) => {
      const [a, c] = isAcross ? point : [point[1], point[0]];
      const moved = place < 2 ? from.along : place > last - 2 ? to.along : along(opened, a);
      const aside = from.aside + (to.aside - from.aside) * (place / last);
      const [x, y] = isAcross ? [a + moved, c + aside] : [c + aside, a + moved];
      return [x - left, y - top];
    }));
  }
  return routes;
}

const NOTHING = { places: {}, routes: [] };

// All visible boxes of the page that begins at `root`, with absolute places; outer boxes come first.
function arrange(model, levels, root, open, direction) {
  const visible = [root];
  for (const parent of visible) {
    for (const key of model.children.get(parent) || []) if (open.has(key) && levels[key]) visible.push(key);
  }
  const sizes = new Map();
  const arranged = new Map();
  for (const parent of [...visible].reverse()) {
    const level = arrangeLevel(levels[parent] || NOTHING, sizes, direction);
    arranged.set(parent, level);
    sizes.set(parent, { width: level.width + 2 * PADDING, height: level.height + 2 * PADDING + HEAD });
  }
  const places = new Map();
  const routes = new Map();
  const corners = new Map([[root, [0, 0]]]);
  for (const parent of visible) {
    const [dx, dy] = corners.get(parent);
    const level = arranged.get(parent);
    for (const [key, place] of level.places) {
      const moved = { ...place, left: place.left + dx, top: place.top + dy };
      places.set(key, moved);
      corners.set(key, [moved.left + PADDING, moved.top + PADDING + HEAD]);
    }
    for (const [pair, points] of level.routes) routes.set(pair, points.map(([x, y]) => [x + dx, y + dy]));
  }
  const whole = arranged.get(root);
  return { places, routes, width: whole.width, height: whole.height };
}

// Arrows between the boxes that are to be seen: those of hidden boxes end at what hides them.
const STRENGTH = ["used", "failed", "", "unused"];

function visibleArrows(model, places, isOpen) {
  const shown = new Map();
  const standIn = (key) => {
    if (!shown.has(key)) {
      let found = "";
      for (let at = key; at; at = model.box.get(at).parent || "") if (places.has(at) && !isOpen(at)) found = at;
      // The outermost closed box that is on the page; an open one lets its members be seen.
      shown.set(key, found);
    }
    return shown.get(key);
  };
  const merged = new Map();
  for (const arrow of model.arrows) {
    const source = standIn(arrow.source);
    const target = standIn(arrow.target);
    if (!source || !target || source === target) continue;
    const pair = `${source} ${target}`;
    const other = merged.get(pair);
    const state = arrow.state || "";
    if (!other) merged.set(pair, { source, target, state, count: arrow.count || 1, weight: arrow.weight });
    else {
      other.count += arrow.count || 1;
      if (STRENGTH.indexOf(state) < STRENGTH.indexOf(other.state)) other.state = state;
    }
  }
  return merged;
}

function curve(from, to, route, direction) {
  if (route) {
    const [head, ...rest] = route.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
    return `M${head}C${rest.join(" ")}`;
  }
  const sign = direction === "LR" || direction === "TB" ? 1 : -1;
  const middle = (place) => [place.left + place.width / 2, place.top + place.height / 2];
  const [sx, sy] = middle(from);
  const [tx, ty] = middle(to);
  if (direction === "LR" || direction === "RL") {
    const x1 = sx + (sign * from.width) / 2;
    const x2 = tx - (sign * to.width) / 2;
    const bend = sign * Math.max(24, Math.abs(x2 - x1) / 2);
    return `M${x1} ${sy}C${x1 + bend} ${sy} ${x2 - bend} ${ty} ${x2} ${ty}`;
  }
  const y1 = sy + (sign * from.height) / 2;
  const y2 = ty - (sign * to.height) / 2;
  const bend = sign * Math.max(24, Math.abs(y2 - y1) / 2);
  return `M${sx} ${y1}C${sx} ${y1 + bend} ${tx} ${y2 - bend} ${tx} ${y2}`;
}

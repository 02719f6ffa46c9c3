"use strict";
(() => {
  const one = id => document.getElementById(id);
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const svg = one("diagram"), scroller = one("scroller"), panel = one("panel");
  const num = (el, key) => Number(el.dataset[key]);
  const left = num(svg, "left"), height = num(svg, "height");
  const heads = all("#heads span"), lives = all(".life"), ticks = all("text.tick, .break").sort((a, b) => a.dataset.y - b.dataset.y);
  const faults = all(".fault", svg), records = all(".r", svg), rules = all(".rule, .break", svg);
  const names = heads.map(head => head.firstChild.textContent);
  const things = [...faults, ...records].sort((a, b) => num(a, "y") - num(b, "y"));
  const start = Math.min(...things.map(el => num(el, "t")));
  let zoom = 1, column = num(svg, "column"), x = [];
  const hiddenNodes = new Set(), hiddenKinds = new Set();

  // Where things are: the columns share what room there is, and heights are those of the file times the zoom.
  function layOut() {
    const shown = heads.map((_, n) => n).filter(n => !hiddenNodes.has(n));
    const room = scroller.clientWidth - (shown[0] === 0 ? left : 90);
    column = Math.max(180, Math.min(420, room / Math.max(1, shown.length)));
    const origin = shown[0] === 0 ? left : 110;
    x = [];
    shown.forEach((n, place) => { x[n] = origin + place * column; });
    const width = Math.max(scroller.clientWidth - 4, origin + shown.length * column);
    const y = (el, key = "y") => num(el, key) * zoom;
    const set = (el, attributes) => { for (const key in attributes) el.setAttribute(key, attributes[key]); };
    set(svg, { width, height: height * zoom });
    heads.forEach((head, n) => {
      head.classList.toggle("gone", x[n] === undefined);
      head.style.left = x[n] + "px";
      head.style.maxWidth = column - 8 + "px";
    });
    lives.forEach((life, n) => {
      life.classList.toggle("gone", x[n] === undefined);
      if (x[n] !== undefined) set(life, { d: `M${x[n]} 0V${height * zoom}` });
    });
    let free = 0;
    for (const tick of ticks) {
      const fits = y(tick) >= free, text = tick.matches("text") ? tick : tick.lastChild;
      if (fits) free = y(tick) + 26;
      if (fits && text === tick) set(tick, { y: y(tick) + 4 });
      text.classList.toggle("gone", !fits);
    }
    for (const rule of rules) {
      set(rule, { transform: `translate(0,${y(rule)})` });
      set(rule.firstChild, { d: `M0 0H${width}` });
    }
    for (const el of faults) {
      const at = x[num(el, "n")];
      el.classList.toggle("gone", at === undefined);
      if (at === undefined) continue;
      const [rect, text] = el.children, half = num(el, "half");
      set(rect, { x: at - half, y: y(el), width: half * 2, height: Math.max(4, y(el, "y2") - y(el)) });
      write(text, at, num(el, "n"), y(el), el.dataset.mute ? "" : "⚡ " + el.getAttribute("aria-label").split("; befalls")[0]);
    }
    for (const el of records) {
      const data = el.dataset, frame = data.a !== undefined;
      const [from, to] = frame ? [x[data.a], x[data.b]] : [x[data.n], x[data.n]];
      const gone = from === undefined || to === undefined || hiddenKinds.has(data.k);
      el.classList.toggle("gone", gone);
      if (gone) continue;
      const says = el.getAttribute("aria-label");
      if (frame) {
        const is = name => el.classList.contains(name), side = Math.sign(to - from);
        const x1 = is("earlier") ? to - side * 60 : from, x2 = is("lost") || is("later") || is("way") ? to - side * 16 : to;
        const d = `M${x1} ${y(el, "y1")}L${x2} ${y(el, "y2")}`;
        set(el.children[0], { d });
        set(el.children[1], { d });
        const mark = is("lost") ? "✗ " : "", other = data.n === data.a ? data.b : data.a;
        const arrow = (data.n === data.a ? "→ " : "← ") + (other === "0" ? "" : names[other] + ": ");
        write(el.children[2], x[data.n], num(el, "n"), y(el), mark + arrow + says.replace(/^(\w+)\(\1 /, "$1 "));
      } else {
        set(el.children[0], { cx: from, cy: y(el) });
        write(el.children[1], from, num(el, "n"), y(el), says);
      }
    }
    one("zoom").textContent = Math.round(zoom * 100) + " %";
    // Rows closer together than letters are high would only be a smear.
    svg.classList.toggle("quiet", !one("texts").checked || zoom < 0.75);
  }

  function write(text, at, node, y, says) {
    const host = node === 0, most = Math.floor((host ? left - 95 : column - 38) / 6.7);
    text.textContent = says.length > most ? says.slice(0, Math.max(1, most - 1)) + "…" : says;
    text.setAttribute("x", host ? at - 17 : at + 17);
    text.setAttribute("text-anchor", host ? "end" : "start");
    text.setAttribute("y", y + 4);
  }

  function setZoom(to) {
    // What is in the middle of the window stays there.
    const middle = (scroller.scrollTop + scroller.clientHeight / 2) / zoom;
    zoom = Math.max(0.01, Math.min(6, to));
    layOut();
    scroller.scrollTop = middle * zoom - scroller.clientHeight / 2;
  }

  // What is shown in the panel: what is pointed at, or else what was chosen.
  let chosen = null;
  const seconds = nanos => (nanos / 1e9).toFixed(6) + " s";
  const span = nanos => nanos >= 1e9 ? (nanos / 1e9).toFixed(3) + " s"
    : nanos >= 1e6 ? (nanos / 1e6).toFixed(3) + " ms" : (nanos / 1e3).toFixed(3) + " µs";

  function tell(el) {
    panel.replaceChildren();
    const add = (tag, text) => { const made = document.createElement(tag); made.textContent = text; panel.append(made); };
    const data = el.dataset, at = num(el, "t");
    if (data.a !== undefined) {
      add("h3", `${names[data.a]} → ${names[data.b]}: ${data.k}`);
      if (el.classList.contains("unseen")) add("p", `sent at ${seconds(at)}; the other side is not recorded`);
      else if (el.classList.contains("lost")) add("p", `sent at ${seconds(at)}, never heard`);
      else if (el.classList.contains("way")) add("p", `sent at ${seconds(at)}, not heard by the end: it may be on its way`);
      else if (el.classList.contains("later")) add("p", `sent at ${seconds(at)}, heard later than is shown`);
      else if (data.left === undefined) add("p", `heard at ${seconds(at)}, sent earlier than is shown`);
      else add("p", `sent at ${seconds(num(el, "left"))}, heard at ${seconds(at)}, after ${span(at - num(el, "left"))}`);
    } else {
      add("h3", `${names[data.n]}${el.classList.contains("fault") ? ": a fault" : ""}`);
      add("p", `at ${seconds(at)}`);
    }
    add("pre", el.getAttribute("aria-label"));
    panel.classList.toggle("kept", el === chosen);
  }

  function choose(el, scroll = true) {
    if (chosen) chosen.classList.remove("at");
    chosen = el;
    if (!el) return;
    el.classList.add("at");
    tell(el);
    el.focus({ preventScroll: true });
    // So that the address of the page leads others to the same place.
    history.replaceState(null, "", "#at-" + el.id);
    if (scroll) show(num(el, "y"), x[num(el, "n")]);
  }

  function show(y, at) {
    scroller.scrollTop = y * zoom - scroller.clientHeight / 2;
    if (at !== undefined && (at < scroller.scrollLeft || at > scroller.scrollLeft + scroller.clientWidth - 80)) {
      scroller.scrollLeft = at - scroller.clientWidth / 2;
    }
  }

  const thing = event => event.target.closest && event.target.closest(".r, .fault");
  svg.addEventListener("mouseover", event => { const el = thing(event); if (el) tell(el); });
  svg.addEventListener("mouseleave", () => { if (chosen) tell(chosen); });
  svg.addEventListener("click", event => { const el = thing(event); if (el) choose(el, false); });

  const isShown = el => !el.classList.contains("gone") && !el.classList.contains("dim");

  function step(by, within) {
    const list = things.filter(el => isShown(el) && within(el));
    const place = list.indexOf(chosen), top = scroller.scrollTop / zoom;
    const next = chosen && place < 0 ? list.findIndex(el => num(el, "y") >= num(chosen, "y"))
      : chosen ? place + by : list.findIndex(el => num(el, "y") >= top);
    if (list[next]) choose(list[next]);
  }

  const isOf = el => other => other.dataset.n === el.dataset.n || other.dataset.a === el.dataset.n
    || other.dataset.b === el.dataset.n;
  const keys = {
    ArrowDown: () => step(1, () => true), ArrowUp: () => step(-1, () => true),
    ArrowRight: () => step(1, chosen ? isOf(chosen) : () => true),
    ArrowLeft: () => step(-1, chosen ? isOf(chosen) : () => true),
    "+": () => setZoom(zoom * 1.5), "-": () => setZoom(zoom / 1.5), 0: whole, 1: () => setZoom(1),
    n: () => nextFault(1), p: () => nextFault(-1),
  };

  function nextFault(by) {
    const from = chosen ? num(chosen, "y") : (scroller.scrollTop + scroller.clientHeight / 2) / zoom;
    const list = faults.filter(isShown).filter(el => (num(el, "y") - from) * by > 0);
    const found = by > 0 ? list.sort((a, b) => num(a, "y") - num(b, "y"))[0] : list.sort((a, b) => num(b, "y") - num(a, "y"))[0];
    if (found) choose(found);
  }

  document.addEventListener("keydown", event => {
    if (event.target.matches("input[type=search]") || event.ctrlKey || event.altKey || event.metaKey) return;
    const key = keys[event.key];
    if (key) { event.preventDefault(); key(); }
  });

  function whole() { setZoom((scroller.clientHeight - 40) / height); }

  one("taller").onclick = () => setZoom(zoom * 1.5);
  one("shorter").onclick = () => setZoom(zoom / 1.5);
  one("whole").onclick = whole;
  one("usual").onclick = () => setZoom(1);
  one("fault-after").onclick = () => nextFault(1);
  one("fault-before").onclick = () => nextFault(-1);
  one("texts").onchange = layOut;
  const toggle = (set, value, on) => { if (on) set.delete(value); else set.add(value); };
  for (const box of all("[data-node]")) {
    box.onchange = () => { toggle(hiddenNodes, num(box, "node"), box.checked); layOut(); };
  }
  const kinds = all("[data-kind]");
  for (const box of kinds) box.onchange = () => { toggle(hiddenKinds, box.dataset.kind, box.checked); layOut(); };
  for (const [id, on] of [["all", true], ["none", false]]) {
    one(id).onclick = () => {
      for (const box of kinds) { box.checked = on; toggle(hiddenKinds, box.dataset.kind, on); }
      layOut();
    };
  }
  for (const button of all("[data-go]")) {
    button.onclick = () => { const el = one(button.dataset.go); if (el) choose(el); };
    const el = one(button.dataset.go);
    if (el && el.classList.contains("r")) el.classList.add("near");
  }

  const find = one("find");
  function search() {
    const text = find.value.trim().toLowerCase();
    let count = 0;
    for (const el of things) {
      const hit = el.getAttribute("aria-label").toLowerCase().includes(text);
      el.classList.toggle("dim", text !== "" && !hit);
      count += hit;
    }
    one("found").textContent = text ? `${count} found; Enter goes to the next` : "";
  }
  find.oninput = search;
  find.onkeydown = event => {
    if (event.key === "Enter") { step(event.shiftKey ? -1 : 1, () => true); find.focus(); }
    if (event.key === "Escape") { find.value = ""; search(); }
  };

  const violation = one("violation");
  const toViolation = () => show(num(violation, "y") - 0.3 * scroller.clientHeight / zoom);
  layOut();
  if (violation) {
    one("to-violation").onclick = () => { setZoom(Math.max(1, zoom)); toViolation(); };
    toViolation();
  }
  const asked = things.find(el => "#at-" + el.id === location.hash);
  if (asked) choose(asked);
  else if (things.length === 0) {
    panel.textContent = "Nothing happened.";
  }
  window.addEventListener("resize", layOut);
})();

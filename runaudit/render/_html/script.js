// Filters, sorting, log axes, links to copy. Everything that the page says is there without this script.
"use strict";
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (id) => document.getElementById(id);
  const lower = (node) => node.textContent.toLowerCase();
  const filters = one("filters");

  const reveal = () => {
    let target = null;
    try { target = one(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
      if (node.matches("article, .run")) node.hidden = false;
    }
    if (target.matches("li")) all("details", target).slice(0, 1).forEach((d) => { d.open = true; });
    if (target.matches(".run")) all(".fold", target).forEach((d) => { d.open = true; });
    target.scrollIntoView();
  };

  const rows = all("#table tbody tr");
  const runs = rows.map((row) => {
    const run = one(row.cells[1].firstChild.getAttribute("href").slice(1));
    const findings = all("article", run).map((node) => ({
      node, text: lower(node),
      rules: new Set(all("h4 > a, h4 > code, .rule", node).map((rule) => rule.textContent)),
      kinds: new Set(all("b", node).map((badge) => badge.className)),
    }));
    return { row, run, findings, verdict: row.cells[0].textContent, text: lower(row.cells[1]) + " " + lower(row.cells[2]) };
  });

  function apply() {
    const words = one("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const rule = one("rule").value, verdict = one("verdict")?.value;
    const shown = new Set(all("[name=show]:checked", filters).map((box) => box.value));
    const fits = ({ rules, kinds, text }, run) => (!rule || rules.has(rule))
      && ["error", "warning", "note"].some((kind) => kinds.has(kind) && shown.has(kind))
      && (!kinds.has("known") || shown.has("known"))
      && words.every((word) => text.includes(word) || run.text.includes(word));
    let seen = 0, told = 0;
    for (const run of runs) {
      const kept = run.findings.filter((finding) => fits(finding, run));
      run.findings.forEach((finding) => { finding.node.hidden = !kept.includes(finding); });
      const healthy = shown.has("none") && !rule && words.every((word) => run.text.includes(word));
      const visible = (!verdict || run.verdict === verdict) && (run.findings.length ? kept.length > 0 : healthy);
      run.run.hidden = run.row.hidden = !visible;
      if (visible) { seen += 1; told += kept.length; }
    }
    one("nothing").hidden = seen > 0;
    one("said").textContent = `${seen} of ${runs.length} runs, ${told} ${told === 1 ? "finding" : "findings"}`;
  }

  if (filters) {
    const counts = new Map();
    for (const { findings } of runs) for (const { rules } of findings) for (const rule of rules) counts.set(rule, (counts.get(rule) || 0) + 1);
    for (const [rule, n] of [...counts].sort()) one("rule").append(new Option(`${rule} (${n})`, rule));
    filters.addEventListener("input", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("reset", () => setTimeout(apply));
    one("log").addEventListener("input", (event) => {
      all("figcaption input").forEach((box) => { box.checked = event.target.checked; });
    });
    one("log").parentElement.hidden = !document.querySelector("figcaption input");
    filters.hidden = false;
    apply();
  }

  const number = (text) => {
    const value = Number(text.replaceAll(",", "").replace("inf", "Infinity"));
    return text.trim() === "" || Number.isNaN(value) ? Infinity : value;
  };
  const order = new Map(rows.map((row, i) => [row, i]));
  const keys = [
    (row) => order.get(row), (row) => lower(row.cells[1]), (row) => lower(row.cells[2]),
    ...[3, 4, 5].map((column) => (row) => number(row.cells[column].lastChild?.textContent ?? "")),
    (row) => row.cells[6].querySelectorAll("a").length,
  ];
  all("#table thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      all("#table thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = keys[column];
      const compare = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : order.get(a) - order.get(b));
      one("table").tBodies[0].append(...[...rows].sort((a, b) => (down ? compare(b, a) : compare(a, b))));
    });
  });

  all(".run > h3, article > h4, .about > h3").forEach((head) => {
    const link = document.createElement("a");
    link.className = "anchor";
    link.href = `#${head.parentElement.id}`;
    link.textContent = "#";
    link.setAttribute("aria-label", `Link to ${head.querySelector("bdi, a, code").textContent}`);
    link.addEventListener("click", () => {
      const said = () => { if (one("said")) one("said").textContent = "Link copied"; };
      navigator.clipboard?.writeText(link.href).then(said, () => {});
    });
    if (head.parentElement.id) head.append("\u00a0", link);
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));
  addEventListener("hashchange", reveal);
  reveal();
})();

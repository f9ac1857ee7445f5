// Filters, sorting, log axes, links to copy. Everything that the page says is there without this script.
"use strict";
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (id) => document.getElementById(id);
  const filters = one("filters");

  const reveal = () => {
    let target = null;
    try { target = one(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    if (filters && target.closest("[hidden]")) { filters.reset(); apply(); }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    if (target.matches("li")) all("details", target).slice(0, 1).forEach((d) => { d.open = true; });
    if (target.matches(".run")) all(".fold", target).forEach((d) => { d.open = true; });
    target.scrollIntoView();
  };

  const rows = new Map(all("#table tbody tr").map((row) => [row.dataset.run, row]));
  const runs = all(".run[data-verdict]").map((run) => ({
    run, row: rows.get(run.id), findings: all(".finding", run),
    text: rows.get(run.id).textContent.toLowerCase() + " " + run.getAttribute("aria-label").toLowerCase(),
  }));

  function apply() {
    const words = one("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const rule = one("rule").value;
    const shown = new Set(all("[name=show]:checked", filters).map((box) => box.value));
    let seen = 0, told = 0;
    for (const { run, row, findings, text } of runs) {
      const fits = words.every((word) => text.includes(word));
      const kept = findings.filter((f) => shown.has(f.dataset.severity) && (!rule || f.dataset.rule === rule));
      findings.forEach((f) => { f.hidden = !kept.includes(f); });
      const visible = fits && (findings.length ? kept.length > 0 : shown.has("none") && !rule);
      run.hidden = row.hidden = !visible;
      if (visible) { seen += 1; told += kept.length; }
    }
    one("nothing").hidden = seen > 0;
    one("said").textContent = `${seen} of ${runs.length} runs, ${told} findings`;
  }

  if (filters) {
    const counts = new Map();
    all(".finding[data-rule]").forEach((f) => counts.set(f.dataset.rule, (counts.get(f.dataset.rule) || 0) + 1));
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

  all("#table thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      all("#table thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.s ?? row.cells[column].textContent.trim();
      const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? Infinity : Number(text));
      const numeric = [...rows.values()].some((row) => row.cells[column].dataset.s);
      const compare = (a, b) => (numeric ? number(key(a)) - number(key(b)) || 0 : key(a).localeCompare(key(b)));
      const sorted = [...rows.values()].sort((a, b) => (down ? -compare(a, b) : compare(a, b)));
      one("table").tBodies[0].append(...sorted);
    });
  });

  all(".anchor").forEach((link) => link.addEventListener("click", () => {
    const url = new URL(link.getAttribute("href"), location.href).href;
    navigator.clipboard?.writeText(url).then(() => { if (one("said")) one("said").textContent = "Link copied"; }, () => {});
  }));

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));
  addEventListener("hashchange", reveal);
  reveal();
})();

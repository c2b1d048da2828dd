"use strict";
// Sorting and filtering. Without this script the tables are as they are.
for (const box of document.querySelectorAll(".table")) {
  const table = box.querySelector("table"), body = table.tBodies[0];
  const rows = Array.from(body.rows);
  if (rows.length < 2) continue;
  const caption = table.caption.textContent;
  const number = new Set();
  const key = (row, i) => {
    const cell = row.cells[i];
    const text = cell.dataset.v ?? cell.textContent;
    if (!number.has(i)) return text;
    const value = Number(text.replaceAll(",", ""));
    return text === "-" || text === "" || Number.isNaN(value) ? null : value;
  };
  Array.from(table.tHead.rows[0].cells).forEach((head, i) => {
    if (head.classList.contains("n")) number.add(i);
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      const sorted = rows.map((row, n) => [key(row, i), n, row]).sort((a, b) => {
        if (a[0] === null || b[0] === null) return (a[0] === null) - (b[0] === null) || a[1] - b[1];
        return (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0) || a[1] - b[1];
      });
      body.append(...sorted.map((s) => s[2]));
    });
  });
  if (rows.length < 8) continue;
  const filter = document.createElement("div");
  filter.className = "filter";
  const label = document.createElement("label"), input = document.createElement("input"), count = document.createElement("span");
  input.type = "search";
  input.id = box.id + "-filter";
  label.htmlFor = input.id;
  label.textContent = "Filter";
  input.setAttribute("aria-label", "Filter: " + caption);
  count.setAttribute("role", "status");
  const texts = rows.map((row) => Array.from(row.cells, (c) => c.textContent).join(" ").toLowerCase());
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, n) => {
      const fits = words.every((w) => texts[n].includes(w));
      row.hidden = !fits;
      shown += fits;
    });
    count.textContent = words.length ? shown + " of " + rows.length + " rows" : rows.length + " rows";
  };
  input.addEventListener("input", apply);
  filter.append(label, input, count);
  box.prepend(filter);
  apply();
}
// A link to what lies in something closed opens it, and so does printing.
const reveal = () => {
  const id = decodeURIComponent(location.hash.slice(1));
  for (let e = id && document.getElementById(id); e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
};
addEventListener("hashchange", reveal);
reveal();
addEventListener("beforeprint", () => {
  for (const d of document.querySelectorAll("details")) d.open = true;
});

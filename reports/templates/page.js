// Without this script every verdict, reason and figure is there; with it, the matrices can be searched, and a verdict opens the
// sequence diagram it was given for.
(() => {
  const data = JSON.parse(document.getElementById("diagrams").textContent);
  const tools = document.getElementById("tools");
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");
  const groups = [...document.querySelectorAll("details.group")];
  const items = [...document.querySelectorAll(".matrix .item")].map((element) => ({
    element,
    group: element.closest("details.group"),
    verdicts: element.dataset.verdicts.split(" "),
    // The diagrams are left out: a search for "reset" means scenarios about it, not every line of every record.
    words: [element.dataset.words, ...[...element.querySelectorAll(".what, summary, .more p")].map((part) => part.textContent)]
      .join(" ").toLowerCase(),
  }));

  // ---- Search and filter
  let open = null; // which groups the reader had open before a search opened others
  const filter = () => {
    const verdict = tools.elements.verdict.value;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const searching = Boolean(verdict || words.length);
    const within = new Set();
    let shown = 0;
    for (const item of items) {
      const fits = (!verdict || item.verdicts.includes(verdict)) && words.every((word) => item.words.includes(word));
      item.element.hidden = !fits;
      if (fits) within.add(item.group);
      shown += fits;
    }
    if (searching && !open) open = new Set(groups.filter((group) => group.open));
    for (const group of groups) {
      group.hidden = !within.has(group);
      group.open = searching ? within.has(group) : open ? open.has(group) : group.open;
    }
    if (!searching) open = null;
    matches.textContent = searching ? `${shown} of ${items.length} rules and scenarios` : "";
  };

  // ---- Sequence diagrams
  const made = (name, className, ...inner) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...inner);
    return element;
  };
  const traceId = (scenario, target) => `trace/${encodeURIComponent(scenario)}/${encodeURIComponent(target)}`;
  const voice = (target) => (target === "asio_style" ? "voice-a" : target === "cl_async_style" ? "voice-b" : "");

  const stepRow = (row, count) => {
    const name = made("th", "step", data.texts[row[0]]);
    name.scope = "row";
    const across = made("td", `across ${["none", "right", "left"][row[1]]}`);
    across.colSpan = count;
    if (row[1]) across.append(made("span", "sr", row[1] === 1 ? "to the server" : "to the peer"));
    return made("tr", "peer", name, across);
  };
  const eventRow = (row, shown) => {
    const [code, kind, connection, marked, ...cells] = row;
    const several = connection >= 0 && data.texts[connection];
    const head = made(several ? "th" : "td", "step", several ? `connection ${data.texts[connection]}` : "");
    if (several) head.scope = "row";
    const line = made("tr", kind === 4 ? "event odd" : "event", head);
    cells.forEach((text, index) => {
      const cell = made("td");
      if (text >= 0) {
        const said = made("div", "told", made("b", `e-${data.texts[code]}`, data.texts[code]));
        const name = (data.names[data.styles[shown[index]]] || {})[data.texts[code]];
        if (name) said.append(" ", made("span", "name", name));
        if (data.texts[text]) said.append(" ", made("span", "muted", data.texts[text]));
        if (marked & (1 << index)) said.prepend(made("span", "blamed", "✕ "));
        cell.append(said);
      } else {
        cell.append(made("span", "absent", made("span", "sr", "not told")));
      }
      if (marked & (1 << index)) cell.classList.add("marked");
      line.append(cell);
    });
    return line;
  };
  const draw = (details) => {
    if (details.dataset.drawn) return;
    details.dataset.drawn = "yes";
    const scenario = details.dataset.scenario;
    const [shown, rows, notes] = data.diagrams[scenario];
    const table = made("table", "sequence", made("caption", "", `${scenario}: the peer’s steps, and what each target was told`));
    table.style.setProperty("--columns", shown.length);
    const heads = made("tr", "", made("th", "step", "the peer"));
    for (const index of shown) {
      const target = data.targets[index];
      const verdict = data.verdicts[`${scenario}/${target}`] || "pass";
      const head = made("th", voice(target), target, " ", made("span", `verdict v-${verdict}`, verdict.replace("-", " ")));
      if (!("copy" in details.dataset)) head.id = traceId(scenario, target);
      head.scope = "col";
      head.tabIndex = -1;
      heads.append(head);
    }
    table.append(made("thead", "", heads),
      made("tbody", "", ...rows.map((row) => (row[1] < 3 ? stepRow(row, shown.length) : eventRow(row, shown)))));
    const scroll = made("div", "scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `Sequence diagram of ${scenario}`);
    details.append(shown.length ? scroll : made("p", "muted small", "No target offers what it needs."));
    if (rows.some((row) => row[1] === 4)) {
      details.append(made("p", "muted small", "Shaded: not every target was told this here, or told the same."));
    }
    if (notes.length) {
      details.append(made("ul", "notes", ...notes.map(([target, text]) =>
        made("li", "", made("span", voice(data.targets[target]), data.targets[target]), ": ", data.texts[text]))));
    }
  };
  const diagrams = new Map();
  for (const details of document.querySelectorAll("details.diagram")) {
    if (!("copy" in details.dataset)) diagrams.set(details.dataset.scenario, details);
    details.addEventListener("toggle", () => details.open && draw(details));
    if (details.open) draw(details);
  }

  // ---- Links
  const targetOf = (hash) => {
    if (!hash) return null;
    if (hash.startsWith("#trace/")) {
      const details = diagrams.get(decodeURIComponent(hash.split("/")[1]));
      if (!details) return null;
      draw(details);
      details.open = true;
      return document.getElementById(hash.slice(1)) || details.querySelector("summary");
    }
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  };
  const reveal = () => {
    const target = targetOf(location.hash);
    if (!target) return;
    if (target.closest(".item[hidden]")) {
      tools.reset();
      filter();
    }
    for (let around = target; around; around = around.parentElement) {
      if (around.tagName === "DETAILS") around.open = true;
    }
    (target.closest(".item") || target).scrollIntoView({ block: target.closest(".item") ? "start" : "nearest" });
    if (target.tabIndex === -1) target.focus({ preventScroll: true });
  };

  // ---- The raw figures, as a file
  for (const button of document.querySelectorAll("button.download")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = document.getElementById(button.dataset.from).textContent;
      const link = made("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = button.dataset.name;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }

  // ---- Paper has no folds: what people print is opened, the hundreds of scenarios are not
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("#code .pair, #order > details, #figures details, #conformance > details:not(#all-scenarios)")]
      .filter((details) => !details.open);
    for (const details of unfolded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of unfolded) details.open = false;
  });

  tools.hidden = false;
  tools.addEventListener("input", filter);
  tools.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);
  // The same link twice changes no hash, but is meant just as well.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });
  filter();
  reveal();
})();

// Without this script everything is there and readable; with it, the matrices can be searched and a verdict opens its trace.
(() => {
  const tools = document.getElementById("tools");
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");
  const items = [...document.querySelectorAll(".matrix .item")].map((element) => ({
    element,
    verdicts: element.dataset.verdicts.split(" "),
    // The traces are left out: a search for "reset" means scenarios about it, not every line of every record.
    words: [element.dataset.words, ...[...element.querySelectorAll(".what, summary, .more p")].map((part) => part.textContent)]
      .join(" ").toLowerCase(),
  }));

  const filter = () => {
    const verdict = tools.elements.verdict.value;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const fits = (!verdict || item.verdicts.includes(verdict)) && words.every((word) => item.words.includes(word));
      item.element.hidden = !fits;
      shown += fits;
    }
    matches.textContent = shown === items.length ? "" : `${shown} of ${items.length} scenarios and rules`;
  };

  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const hidden = target.closest(".item[hidden]");
    if (hidden) {
      tools.reset();
      filter();
    }
    for (let around = target; around; around = around.parentElement) {
      if (around.tagName === "DETAILS") around.open = true;
    }
    target.scrollIntoView({ block: "nearest" });
    if (target.tabIndex === -1) target.focus({ preventScroll: true });
  };

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

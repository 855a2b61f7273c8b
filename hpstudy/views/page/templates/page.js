"use strict";
(() => {
  const figures = document.getElementById("figures").textContent;
  const looks = JSON.parse(document.getElementById("looks").textContent);
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const config = { responsive: true, displaylogo: false, displayModeBar: false };
  let turn = 0;

  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";

  function remembered(theme) {
    // A page opened from a file may be refused its storage.
    try {
      if (theme) localStorage.setItem("hpstudy-theme", theme);
      return localStorage.getItem("hpstudy-theme");
    } catch {
      return null;
    }
  }

  function dressed(dark) {
    let text = figures;
    if (dark) {
      for (const [light, instead] of Object.entries(looks.instead)) text = text.replaceAll(light, instead);
    }
    return Object.entries(JSON.parse(text));
  }

  function drawOne(id, figure, dark) {
    const place = document.getElementById(`figure-${id}`);
    if (!place) return null; // one that the page has no room for must not end the others
    const narrow = innerWidth < 600;
    const layout = { ...figure.layout, template: dark ? looks.dark : looks.light };
    if (narrow) {
      layout.dragmode = false; // a finger on a figure scrolls the page
      layout.annotations = (layout.annotations || []).filter((one) => one.name !== "detail");
    }
    return Plotly.react(place, figure.data, layout, config);
  }

  // One figure at a time, so that the page answers while it draws.
  async function draw() {
    const own = ++turn;
    root.dataset.drawn = "";
    for (const [id, figure] of dressed(isDark())) {
      await drawOne(id, figure, isDark());
      await new Promise((next) => setTimeout(next));
      if (own !== turn) return;
    }
    root.dataset.drawn = "all";
  }

  function changed() {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to the ${isDark() ? "light" : "dark"} page`);
    draw();
  }

  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remembered(root.dataset.theme);
    changed();
  });
  system.addEventListener("change", changed);
  addEventListener("beforeprint", () => {
    for (const [id, figure] of dressed(false)) drawOne(id, figure, false);
  });
  addEventListener("afterprint", draw);

  const before = remembered();
  if (before === "light" || before === "dark") root.dataset.theme = before;
  button.hidden = false;
  changed();
})();

// Runs before the page is drawn, so that a chosen theme does not flash up as the other one.
(() => {
  try {
    const theme = localStorage.getItem("slipway.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Without storage the browser's own preference holds.
  }
})();

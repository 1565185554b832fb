// Keys for those who like them; the page works without.
(() => {
  const rows = () => [...document.querySelectorAll("main td a, main li a")];
  let at = -1;
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    at = Math.min(all.length - 1, Math.max(0, at + by));
    all[at].focus();
  };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || /INPUT|SELECT|TEXTAREA/.test(e.target.tagName)) return;
    if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "/") { const s = document.querySelector("[data-search]"); if (s) { e.preventDefault(); s.focus(); } }
    else if (e.key === "?") alert("/ search, j and k move, enter opens");
  });
})();

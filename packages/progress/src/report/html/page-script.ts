/**
 * What the page does beyond being read: filters tests by outcome and text, and opens what a link leads to. The page is whole
 * without it.
 */
export const pageScript = `
(() => {
  const bar = document.querySelector(".filters");
  if (!bar) return;
  bar.hidden = false;
  const input = bar.querySelector("input");
  const buttons = [...bar.querySelectorAll("button")];
  const groups = [...document.querySelectorAll("[data-group]")].map((group) => ({
    group,
    wasOpen: group.open,
    items: [...group.querySelectorAll("[data-s]")].map((item) => ({ item, status: item.dataset.s })),
  }));
  const told = bar.querySelector("[role=status]");
  let wanted = "all";
  const apply = () => {
    const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const isOn = words.length > 0 || wanted !== "all";
    let shown = 0;
    for (const { group, wasOpen, items } of groups) {
      let own = 0;
      const name = group.dataset.group.toLowerCase() + " ";
      for (const entry of items) {
        let fits = wanted === "all" || entry.status === wanted;
        if (fits && words.length > 0) {
          entry.text ??= name + entry.item.textContent.toLowerCase();
          fits = words.every((word) => entry.text.includes(word));
        }
        entry.item.hidden = !fits;
        if (fits) own += 1;
      }
      shown += own;
      group.hidden = isOn && own === 0;
      group.open = isOn ? own > 0 && own <= 200 : wasOpen;
    }
    told.textContent = isOn ? shown + (shown === 1 ? " test" : " tests") : "";
  };
  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 80);
  });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      wanted = button.dataset.f;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      apply();
    });
  }
  const reveal = () => {
    const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
`.trim();

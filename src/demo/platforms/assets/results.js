// SPDX-License-Identifier: GPL-3.0-or-later
// Results as they come in. Without scripts, they are those of when the page was loaded.
const look = async () => {
  if (document.hidden) return;
  let results;
  try {
    results = await (await fetch('/results.json')).json();
  } catch {
    return;
  }
  for (const [question, { proved, open }] of Object.entries(results)) {
    const most = Math.max(1, ...proved, ...open);
    proved.forEach((count, option) => {
      const row = document.querySelector(`[data-result="${question}.${option}"]`);
      if (row === null) return;
      const bar = row.querySelector('progress');
      bar.max = most;
      bar.value = count;
      row.querySelector('[data-proved]').textContent = String(count);
      row.querySelector('[data-open]').textContent = String(open[option]);
    });
  }
};
setInterval(look, 2000);

// SPDX-License-Identifier: GPL-3.0-or-later
// Counts down, and notices when the wallet has answered.
const state = document.querySelector('[data-state]');
const left = document.querySelector('[data-left]');
const code = document.querySelector('input[name="code"]');
let seconds = Number(left.textContent);
let answered = false;

const count = setInterval(() => {
  seconds = Math.max(0, seconds - 1);
  left.textContent = String(seconds);
}, 1000);

const look = async () => {
  let now;
  try {
    ({ state: now } = await (await fetch('/terminal/state')).json());
  } catch {
    return;
  }
  if (now === 'answered' && !answered) {
    answered = true;
    clearInterval(count);
    left.parentElement.hidden = true;
    state.textContent = state.dataset.answered;
    state.dataset.done = '';
    code.focus();
  }
  if (now === 'over' || now === 'idle' || now === 'customer') location.reload();
};
setInterval(look, 1500);
look();

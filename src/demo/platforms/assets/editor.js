// SPDX-License-Identifier: GPL-3.0-or-later
// The editor. Pictures stay in this page: nothing here sends anything.
import { develop } from '/assets/looks.js';

const LONGEST_SIDE = 960;
const editor = document.getElementById('editor');
const canvas = document.getElementById('canvas');
const tools = document.getElementById('tools');
const context = canvas.getContext('2d', { willReadFrequently: true });
// The script of the portrait tools is there for adults only.
const faces = editor.dataset.adult === 'true' ? import('/tools/portrait.js') : Promise.resolve({});

let original;
let turns = 0;
let comparing = false;
let due = false;

/** Draws a picture, turned, as large as the editor works. */
function show(picture, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const across = turns % 2 === 1;
  canvas.width = across ? h : w;
  canvas.height = across ? w : h;
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((turns * Math.PI) / 2);
  context.drawImage(picture, -w / 2, -h / 2, w, h);
  context.setTransform(1, 0, 0, 1, 0, 0);
  original = context.getImageData(0, 0, canvas.width, canvas.height);
  canvas.dataset.ready = '';
  render();
}

async function render() {
  if (original === undefined || due) return;
  due = true;
  await new Promise(requestAnimationFrame);
  due = false;
  let image = new ImageData(new Uint8ClampedArray(original.data), original.width, original.height);
  if (!comparing) {
    const settings = Object.fromEntries(new FormData(tools));
    const strength = (name) => Number(settings[name] ?? 0);
    for (const [name, tool] of Object.entries(await faces)) {
      if (strength(name) > 0) image = tool(image, strength(name));
    }
    develop(image, {
      look: settings.look,
      brightness: strength('brightness'),
      contrast: strength('contrast'),
      saturation: strength('saturation'),
      grain: strength('grain'),
    });
  }
  context.putImageData(image, 0, 0);
}

let again = () => undefined;

async function open(picture, width, height) {
  again = () => show(picture, width, height);
  turns = 0;
  again();
}

async function openSample(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  await open(picture, picture.naturalWidth * 3, picture.naturalHeight * 3);
}

for (const button of editor.querySelectorAll('[data-picture]')) {
  button.addEventListener('click', () => openSample(button.dataset.picture));
}
document.getElementById('own').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (file === undefined) return;
  try {
    const bitmap = await createImageBitmap(file);
    await open(bitmap, bitmap.width, bitmap.height);
  } catch {
    target.setCustomValidity('?');
  }
});
tools.addEventListener('input', ({ target }) => {
  const output = target.parentElement.querySelector('output');
  if (output !== null) output.value = target.value;
  render();
});
tools.addEventListener('submit', (event) => event.preventDefault());
tools.addEventListener('reset', () => {
  setTimeout(() => {
    for (const output of tools.querySelectorAll('output')) output.value = '0';
    turns = 0;
    again();
  });
});
document.getElementById('turn').addEventListener('click', () => {
  turns = (turns + 1) % 4;
  again();
});
const compare = document.getElementById('compare');
const compareWhile = (value) => () => {
  comparing = value;
  render();
};
for (const name of ['pointerdown', 'keydown']) compare.addEventListener(name, compareWhile(true));
for (const name of ['pointerup', 'pointerleave', 'keyup', 'blur']) compare.addEventListener(name, compareWhile(false));
document.getElementById('save').addEventListener('click', () => {
  canvas.toBlob((blob) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = 'halide.png';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, 'image/png');
});

await openSample(editor.dataset.adult === 'true' ? '/assets/portrait.svg' : '/assets/harbour.svg');

// SPDX-License-Identifier: GPL-3.0-or-later
// Light and colour: pixel by pixel, in place. Everything here is open to everyone.

const clamp = (value) => (value < 0 ? 0 : value > 255 ? 255 : value);

/** Looks by name: factors for red, green and blue, for colour, and how far black is lifted. */
const LOOKS = {
  plain: { red: 1, green: 1, blue: 1, colour: 1, lift: 0 },
  warm: { red: 1.12, green: 1.02, blue: 0.84, colour: 1.1, lift: 4 },
  mono: { red: 1, green: 1, blue: 1, colour: 0, lift: 0 },
  fade: { red: 1.02, green: 1, blue: 1.04, colour: 0.6, lift: 34 },
};

/** A grain that stays the same while sliders move. */
function noise(i) {
  let x = Math.imul(i ^ 0x9e3779b9, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 0xffffffff - 0.5;
}

/**
 * Applies look, light, colour and grain.
 *
 * @param {ImageData} image - Changed.
 * @param {{ look: string, brightness: number, contrast: number, saturation: number, grain: number }} settings
 */
export function develop({ data }, { look, brightness, contrast, saturation, grain }) {
  const { red, green, blue, colour, lift } = LOOKS[look] ?? LOOKS.plain;
  const shift = brightness * 1.1;
  const slope = contrast < 0 ? 1 + contrast / 140 : 1 + contrast / 60;
  const vivid = colour * (1 + saturation / 100);
  const tone = new Float32Array(256);
  for (let value = 0; value < 256; value++) {
    tone[value] = ((value - 128) * slope + 128 + shift) * (1 - lift / 255) + lift;
  }
  for (let i = 0; i < data.length; i += 4) {
    const r = tone[data[i]] * red;
    const g = tone[data[i + 1]] * green;
    const b = tone[data[i + 2]] * blue;
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    const rough = grain === 0 ? 0 : noise(i >> 2) * grain * 0.9;
    data[i] = clamp(grey + (r - grey) * vivid + rough);
    data[i + 1] = clamp(grey + (g - grey) * vivid + rough);
    data[i + 2] = clamp(grey + (b - grey) * vivid + rough);
  }
}

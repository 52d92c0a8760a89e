// SPDX-License-Identifier: GPL-3.0-or-later
// Tools that change faces: this file is given to adults only. Each takes an image and how strongly, 0 to
// 100, and returns the changed image.

/** Sums along rows and columns make a mean over a square cost the same whatever its size. */
function boxMean(source, width, height, radius) {
  const across = new Float32Array(source.length);
  const mean = new Float32Array(source.length);
  const blur = (from, to, count, length, step, stride) => {
    for (let line = 0; line < count; line++) {
      const start = line * stride;
      let sum = 0;
      const at = (i) => from[start + Math.min(length - 1, Math.max(0, i)) * step];
      for (let i = -radius; i <= radius; i++) sum += at(i);
      for (let i = 0; i < length; i++) {
        to[start + i * step] = sum / (2 * radius + 1);
        sum += at(i + radius + 1) - at(i - radius);
      }
    }
  };
  blur(source, across, height, width, 1, width);
  blur(across, mean, width, height, width, 1);
  return mean;
}

function channels({ data }) {
  return [0, 1, 2].map((offset) => Float32Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + offset]));
}

/** Smooths even areas and leaves edges: a guided filter, with the picture as its own guide. */
export function soften(image, strength) {
  const { width, height, data } = image;
  const radius = Math.max(2, Math.round(width / 120));
  const evenness = (strength * 0.45) ** 2;
  channels(image).forEach((channel, offset) => {
    const mean = boxMean(channel, width, height, radius);
    const squares = boxMean(
      channel.map((value) => value * value),
      width,
      height,
      radius,
    );
    const slope = mean.map((value, i) => {
      const variance = Math.max(0, squares[i] - value * value);
      return variance / (variance + evenness);
    });
    const slopes = boxMean(slope, width, height, radius);
    const rests = boxMean(
      mean.map((value, i) => value * (1 - slope[i])),
      width,
      height,
      radius,
    );
    channel.forEach((value, i) => {
      data[4 * i + offset] = slopes[i] * value + rests[i];
    });
  });
  return image;
}

/** Narrows what stands in the middle: columns near the centre are drawn from further out. */
export function slim(image, strength) {
  const { width, height, data } = image;
  const out = new ImageData(width, height);
  const most = (strength / 100) * 0.22;
  const [middle, centre, reach, tall] = [width / 2, height * 0.45, width * 0.42, height * 0.6];
  for (let y = 0; y < height; y++) {
    const fall = Math.max(0, 1 - ((y - centre) / tall) ** 2);
    for (let x = 0; x < width; x++) {
      const off = (x - middle) / reach;
      const pull = Math.abs(off) < 1 ? most * fall * (1 - off * off) ** 2 : 0;
      const from = Math.min(width - 1.001, Math.max(0, middle + (x - middle) * (1 + pull)));
      const left = Math.floor(from);
      const part = from - left;
      for (let c = 0; c < 4; c++) {
        const i = 4 * (y * width + left) + c;
        out.data[4 * (y * width + x) + c] = data[i] * (1 - part) + data[i + 4] * part;
      }
    }
  }
  return out;
}

/** A pencil drawing: brightness divided by its own surroundings. */
export function sketch(image, strength) {
  const { width, height, data } = image;
  const grey = Float32Array.from(
    { length: width * height },
    (_, i) => 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2],
  );
  const around = boxMean(boxMean(grey, width, height, 4), width, height, 4);
  const share = strength / 100;
  grey.forEach((value, i) => {
    const line = Math.min(255, 255 * Math.min(1, (value + 8) / (around[i] + 8)) ** 3);
    for (let c = 0; c < 3; c++) data[4 * i + c] = data[4 * i + c] * (1 - share) + line * share;
  });
  return image;
}

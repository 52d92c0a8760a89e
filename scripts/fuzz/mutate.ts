// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hostile variants of an honest file. Bytes are flipped, written over, inserted, dropped, repeated and cut
 * anywhere; of DER the elements too, with all lengths around them made right again, so that the damage reaches
 * what is read late; of pictures the fields behind a marker.
 *
 * @module
 */
import { join } from '../../src/demo/der.ts';
import type { Numbers } from './random.ts';

/** Largest variant, bytes: above every limit of a reader but the pictures'. */
const MAX_BYTES = 2 * 1024 * 1024;
const TELLING = [
  0, 1, 2, 4, 5, 6, 0x0c, 0x13, 0x17, 0x1f, 0x24, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xa3, 0xfe, 0xff,
];
const PATTERNS: readonly Uint8Array[] = [
  Uint8Array.of(0x30, 0x80),
  Uint8Array.of(0x24, 0x80),
  Uint8Array.of(0x84, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0x82, 0xff, 0xff),
  Uint8Array.of(0x7f, 0x61),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0, 0, 0, 0),
];

type Mutation = (file: Uint8Array, numbers: Numbers, others: readonly Uint8Array[]) => Uint8Array;

const written = (file: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(file);
  if (offset < file.length) copy.set(bytes.subarray(0, file.length - offset), offset);
  return copy;
};
const spliced = (file: Uint8Array, offset: number, drop: number, insert: Uint8Array): Uint8Array =>
  join([file.subarray(0, offset), insert, file.subarray(offset + drop)]);

const BYTES: readonly Mutation[] = [
  (file, { below }) => {
    const offset = below(file.length);
    return written(file, offset, Uint8Array.of((file[offset] ?? 0) ^ (1 << below(8))));
  },
  (file, { below, of }) => written(file, below(file.length), Uint8Array.of(of(TELLING))),
  (file, { below, of }) => written(file, below(file.length), of(PATTERNS)),
  (file, { below, bytes }) => written(file, below(file.length), bytes(1 + below(8))),
  (file, { below, of }) => spliced(file, below(file.length), 0, of(PATTERNS)),
  (file, { below, bytes }) => spliced(file, below(file.length), 0, bytes(1 + below(64))),
  (file, { below }) => spliced(file, below(file.length), 1 + below(32), new Uint8Array()),
  (file, { below }) => file.slice(0, below(file.length)),
  (file, { below }) => {
    const [offset, length, times] = [below(file.length), 1 + below(512), 1 + below(64)];
    const part = file.subarray(offset, offset + length);
    return spliced(file, offset, 0, join(Array.from({ length: times }, () => part)));
  },
  (file, { below, of }, others) => {
    const other = of(others);
    const offset = below(other.length);
    return spliced(file, below(file.length), below(64), other.subarray(offset, offset + 1 + below(256)));
  },
];

/** An element and what is in it. */
interface Node {
  readonly tag: Uint8Array;
  readonly content: Uint8Array | readonly Node[];
}

function readNodes(bytes: Uint8Array, depth: number): readonly Node[] | undefined {
  const nodes: Node[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const start = offset;
    if (((bytes[offset++] ?? 0) & 0x1f) === 0x1f) offset++;
    const tag = bytes.subarray(start, offset);
    let length = bytes[offset++] ?? 0xff;
    if (length > 0x84) return undefined;
    if (length > 0x7f) {
      const count = length - 0x80;
      length = bytes.subarray(offset, offset + count).reduce((sum, byte) => sum * 256 + byte, 0);
      offset += count;
    }
    const value = bytes.subarray(offset, offset + length);
    if (value.length !== length) return undefined;
    offset += length;
    // OCTET STRING and BIT STRING too: extensions and certificates stand inside.
    const nested = depth < 30 && value.length > 1 ? readNodes(value, depth + 1) : undefined;
    nodes.push({ tag, content: nested ?? value });
  }
  return nodes;
}

function writeNode({ tag, content }: Node): Uint8Array {
  const value = content instanceof Uint8Array ? content : join(content.map(writeNode));
  const { length } = value;
  const header =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 0xff]
          : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return join([tag, Uint8Array.from(header), value]);
}

function count(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { content }) => sum + 1 + (content instanceof Uint8Array ? 0 : count(content)), 0);
}

/** The list with the element of a number, in reading order, exchanged for others. */
function exchanged(nodes: readonly Node[], number: number, change: (node: Node) => readonly Node[]): readonly Node[] {
  let left = number;
  return nodes.flatMap((node) => {
    if (left < 0) return [node];
    if (left-- === 0) return change(node);
    if (node.content instanceof Uint8Array) return [node];
    const inside = count(node.content);
    const here = left;
    left -= inside;
    return here < inside ? [{ ...node, content: exchanged(node.content, here, change) }] : [node];
  });
}

function nodeAt(nodes: readonly Node[], number: number): Node | undefined {
  let found: Node | undefined;
  exchanged(nodes, number, (node) => {
    found = node;
    return [node];
  });
  return found;
}

const ELEMENTS: readonly ((node: Node, numbers: Numbers, other: Node) => readonly Node[])[] = [
  () => [],
  (node) => [node, node],
  (node, { below }) => Array.from({ length: 1 + below(400) }, () => node),
  (_, __, other) => [other],
  (node, _, other) => [node, other],
  (node, { of }) => [{ ...node, tag: Uint8Array.of(of(TELLING)) }],
  (node, { below, bytes }) => [{ ...node, content: bytes(below(40)) }],
  (node) => [{ ...node, content: new Uint8Array() }],
  (node, { below, of }) => {
    const tag = Uint8Array.of(of([0x30, 0x31, 0xa0, 0x24]));
    return [Array.from({ length: 1 + below(40) }).reduce<Node>((inner) => ({ tag, content: [inner] }), node)];
  },
  (node, { below }) => [
    {
      ...node,
      content:
        node.content instanceof Uint8Array
          ? new Uint8Array(below(70_000)).fill(below(256))
          : [...node.content].reverse(),
    },
  ],
];

const ofElements: Mutation = (file, numbers, others) => {
  const nodes = readNodes(file, 0);
  const from = readNodes(numbers.of(others), 0);
  if (nodes === undefined || from === undefined) return numbers.of(BYTES)(file, numbers, others);
  const other = nodeAt(from, numbers.below(count(from)));
  const change = numbers.of(ELEMENTS);
  const changed = exchanged(nodes, numbers.below(count(nodes)), (node) => change(node, numbers, other ?? node));
  return join(changed.map(writeNode));
};

/** Fields behind a marker of JPEG or JPEG 2000, or the length and type of a box. */
const ofMarkers: Mutation = (file, numbers, others) => {
  const markers: number[] = [];
  for (let at = 0; at + 4 < file.length && markers.length < 4096; at++) {
    const [first, second = 0] = [file[at], file[at + 1]];
    if (first === 0xff && second !== 0 && second !== 0xff) markers.push(at);
  }
  if (markers.length === 0) return numbers.of(BYTES)(file, numbers, others);
  const at = numbers.of(markers);
  const length = 2 + (file[at + 2] ?? 0) * 256 + (file[at + 3] ?? 0);
  switch (numbers.below(5)) {
    case 0:
      return spliced(file, at, length, new Uint8Array());
    case 1:
      return spliced(
        file,
        at,
        0,
        join(Array.from({ length: 1 + numbers.below(200) }, () => file.subarray(at, at + length))),
      );
    case 2:
      return written(file, at + 2, numbers.of(PATTERNS));
    case 3:
      return written(file, at + 1, Uint8Array.of(0xc0 + numbers.below(0x40)));
    default:
      return written(
        file,
        at + 2 + numbers.below(48),
        numbers.below(2) === 0 ? Uint8Array.of(numbers.of(TELLING)) : numbers.bytes(1 + numbers.below(4)),
      );
  }
};

/** What mutations a kind of file is given. */
export type FileForm = 'der' | 'markers';

/** A hostile variant. */
export function mutate(file: Uint8Array, form: FileForm, numbers: Numbers, others: readonly Uint8Array[]): Uint8Array {
  const special = form === 'der' ? ofElements : ofMarkers;
  let changed = file;
  for (let left = 1 + numbers.below(4); left > 0; left--) {
    if (changed.length === 0 || changed.length > MAX_BYTES) break;
    changed = (numbers.below(3) === 0 ? numbers.of(BYTES) : special)(changed, numbers, others);
  }
  return changed.length > MAX_BYTES ? changed.slice(0, MAX_BYTES) : changed;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How cost grows with the depth of the tree, with the number of attributes and with the size of a batch.
 *
 * @module
 */
import { TREE_DEPTH } from '../../src/protocol/statement.ts';
import { variant } from './growth_circuits.ts';
import { openLab } from './lab.ts';
import { cpuMs, NODE } from './node_place.ts';
import { loadPeers } from './peers.ts';
import type { GrowthPoint } from './results.ts';
import { measure, type Measured, type Rounds, type Subject } from './runner.ts';
import { batchOf, bautaSubjects } from './subjects_bauta.ts';
import { bbsCredential } from './subjects_bbs.ts';
import { snarkjsSubjects } from './subjects_snarkjs.ts';

type Say = (line: string) => void;

const DEPTHS = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
const MORE = [0, 4, 8, 12];
/** Attributes of `show`, less its version. */
const USUAL_ATTRIBUTES = 11;
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const PROVING = ['snarkjs.prove', 'bauta.load', 'bauta.full', 'bauta.arm', 'bauta.fire'];

const quiet: Say = () => undefined;
const medians = (all: Readonly<Record<string, Measured>>): Record<string, number> =>
  Object.fromEntries(Object.entries(all).map(([name, { ms }]) => [name, ms.median]));

/** Proving in one circuit; `shorter` rounds, since there are many circuits. */
async function provingAt(size: number, depth: number, more: number, rounds: Rounds, say: Say): Promise<GrowthPoint> {
  const { like, constraints, domain, keyBytes } = await variant({ depth, more }, say);
  const lab = openLab(NODE, like);
  try {
    const subjects = [...snarkjsSubjects(lab), ...bautaSubjects(lab)].filter(({ name }) => PROVING.includes(name));
    const shorter = { most: 7, least: Math.min(rounds.least, 3), seconds: rounds.seconds / DEPTHS.length };
    const all = await measure(subjects, shorter, { cpu: cpuMs, say: quiet });
    say(`${String(constraints)} constraints`);
    return { size, ms: medians(all), counts: { constraints, domain, keyBytes } };
  } finally {
    await lab.end();
  }
}

/** Proving by the depth of the tree. */
export async function measureDepth(rounds: Rounds, say: Say): Promise<GrowthPoint[]> {
  const points: GrowthPoint[] = [];
  for (const depth of DEPTHS) points.push(await provingAt(depth, depth, 0, rounds, say));
  return points;
}

function bbsSubject(name: 'bbs.prove' | 'bbs.verify', attributes: number): Subject {
  return {
    name,
    prepare: async () => {
      const { prove, verify } = await bbsCredential((await loadPeers()).bbs, attributes);
      const proof = await prove();
      return {
        run: async () => {
          if (name === 'bbs.prove') await prove();
          else if (!(await verify(proof))) throw new Error('refused');
        },
      };
    },
  };
}

/** Proving by the number of attributes, ours and BBS. */
export async function measureAttributes(rounds: Rounds, say: Say): Promise<GrowthPoint[]> {
  const points: GrowthPoint[] = [];
  for (const more of MORE) {
    const attributes = USUAL_ATTRIBUTES + more;
    const ours = await provingAt(attributes, TREE_DEPTH, more, rounds, say);
    const theirs = [bbsSubject('bbs.prove', attributes), bbsSubject('bbs.verify', attributes)];
    const all = await measure(theirs, { most: 5, least: 3, seconds: 10 }, { cpu: cpuMs, say: quiet });
    points.push({ ...ours, ms: { ...ours.ms, ...medians(all) } });
  }
  return points;
}

/** Verifying by the size of a batch, in milliseconds a proof. */
export async function measureBatch(rounds: Rounds, say: Say): Promise<GrowthPoint[]> {
  const lab = openLab(NODE);
  try {
    const subjects = SIZES.map((size) => batchOf(lab, size, String(size)));
    const all = await measure(subjects, { ...rounds, seconds: rounds.seconds / 3 }, { cpu: cpuMs, say });
    return SIZES.map((size) => ({ size, ms: { 'bauta.verifyBatch': all[String(size)]?.ms.median ?? 0 } }));
  } finally {
    await lab.end();
  }
}

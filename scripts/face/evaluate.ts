// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * False match and non-match rates on a folder of pairs `NNN-portrait.jpg`, `NNN-live.jpg`: every portrait
 * against every live picture. Each picture is described once.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faceApiDistance } from '../../src/issuer/face_api.ts';
import { humanDistance } from '../../src/issuer/face_human.ts';
import { MAX_FACE_DISTANCE, type PictureRole } from '../../src/issuer/face_matcher.ts';
import type { FaceComparer } from '../../src/issuer/faces.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';

/** Distances by matcher, in the order in which a comparer describes. */
const DISTANCES = { human: humanDistance, face_api: faceApiDistance } as const;

/** Name of a matcher. */
export type MatcherName = keyof typeof DISTANCES;

/** Names of the matchers. */
export const MATCHERS = Object.keys(DISTANCES) as readonly MatcherName[];

/** Distances of the two pictures of a pair. */
export type PairDistances = Readonly<Record<MatcherName, number>>;

/** Rates at the threshold, with the upper ends of their 95 % confidence intervals. */
export interface Rates {
  /** Strangers that were taken for one person. */
  readonly fmr: number;
  readonly fmrUpper: number;
  /** Persons that were not recognised. */
  readonly fnmr: number;
  readonly fnmrUpper: number;
}

/** What an evaluation found. */
export interface Evaluation extends Rates {
  /** Pairs of one person. */
  readonly genuine: number;
  /** Pairs of two people. */
  readonly impostor: number;
  readonly threshold: number;
  /** If one matcher decided alone. */
  readonly matchers: Readonly<Record<MatcherName, Rates>>;
  /** People left out because a picture of theirs shows no face, or several. */
  readonly unusable: number;
}

/** All distances that were measured. */
export interface Measured {
  readonly genuine: readonly PairDistances[];
  readonly impostor: readonly PairDistances[];
  readonly unusable: number;
}

/**
 * Measures a folder.
 *
 * @param say - Told how far it is.
 */
export async function measureFolder(
  { describeFace }: Pick<FaceComparer, 'describeFace'>,
  folder: string,
  say: (line: string) => void,
): Promise<Measured> {
  const files = new Set(readdirSync(folder));
  const numbers = [...files]
    .flatMap((file) => /^(\d+)-portrait\.jpg$/.exec(file)?.slice(1) ?? [])
    .filter((number) => files.has(`${number}-live.jpg`))
    .sort();
  const people: Readonly<Record<PictureRole, readonly (readonly number[])[]>>[] = [];
  const describe = (number: string, role: PictureRole): ReturnType<typeof describeFace> =>
    describeFace(new Uint8Array(readFileSync(join(folder, `${number}-${role}.jpg`))), role);
  let unusable = 0;
  for (const [i, number] of numbers.entries()) {
    try {
      people.push({ portrait: await describe(number, 'portrait'), live: await describe(number, 'live') });
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code === 'face_unavailable') throw error;
      unusable++;
      say(`${number} is left out: ${error.code}`);
    }
    say(`${String(i + 1)} of ${String(numbers.length)} people described`);
  }
  const pairs = people.flatMap(({ portrait }, a) =>
    people.map(({ live }, b) => ({ same: a === b, distances: distancesOf(portrait, live) })),
  );
  const among = (same: boolean): readonly PairDistances[] =>
    pairs.filter((pair) => pair.same === same).map(({ distances }) => distances);
  return { genuine: among(true), impostor: among(false), unusable };
}

function distancesOf(portrait: readonly (readonly number[])[], live: readonly (readonly number[])[]): PairDistances {
  const [human, face_api] = MATCHERS.map((name, i) => DISTANCES[name](portrait[i] ?? [], live[i] ?? []));
  return { human: human ?? NaN, face_api: face_api ?? NaN };
}

/** The distance by which both decide: a pair matches up to a threshold only if both distances do. */
export function decisive(distances: PairDistances): number {
  return Math.max(...MATCHERS.map((name) => distances[name]));
}

/** Rates of what was measured. */
export function evaluate({ genuine, impostor, unusable }: Measured, threshold = MAX_FACE_DISTANCE): Evaluation {
  const rates = (distance: (pair: PairDistances) => number): Rates => {
    const falseMatches = impostor.filter((pair) => distance(pair) <= threshold).length;
    // A distance that is not a number is no match.
    const missed = genuine.filter((pair) => !(distance(pair) <= threshold)).length;
    return {
      fmr: falseMatches / impostor.length,
      fmrUpper: upperBound(falseMatches, impostor.length),
      fnmr: missed / genuine.length,
      fnmrUpper: upperBound(missed, genuine.length),
    };
  };
  return {
    genuine: genuine.length,
    impostor: impostor.length,
    threshold,
    ...rates(decisive),
    matchers: { human: rates(({ human }) => human), face_api: rates(({ face_api }) => face_api) },
    unusable,
  };
}

/** Upper end of the 95 % confidence interval of a rate: three in n if none was seen, else Wilson's. */
export function upperBound(seen: number, n: number): number {
  if (seen === 0) return Math.min(1, 3 / n);
  const [p, z] = [seen / n, 1.96];
  const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return (p + (z * z) / (2 * n) + spread) / (1 + (z * z) / n);
}

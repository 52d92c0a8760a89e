// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Checkpoints: the register's signed statement of its log and of the tree that presentations prove
 * membership in. A C2SP `tlog-checkpoint` (https://c2sp.org/tlog-checkpoint), signed note and all:
 *
 * ```text
 * register.bauta.example/v1                          origin, also the name of the key
 * 4711                                               size of the log
 * CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=       RFC 6962 root
 * epoch 12
 * active-from 1790000000                             Unix seconds
 * presentation-root 1234…                            root of the Poseidon tree, decimal
 * counts issued=4000 revoked=9 active=3991 announced=2 resets=1 replaced=300
 * reasons holder_request=4 document_lost=5 …         every reason class, in the order of the table
 *
 * — register.bauta.example/v1 …
 * ```
 *
 * docs/protocol.md section 7.
 *
 * @module
 */
import { TREE_LEAVES } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { REVOCATION_REASONS, type RevocationReason } from './events.ts';
import { fromBase64, type NoteKey, openNote, signNote, toBase64 } from './note.ts';

export { acceptedCheckpoints } from './epochs.ts';

/** Public counts: of all positions ever taken, of those emptied, and the rest. */
export interface LeafCounts {
  /** Leaves that took a position of their own; a leaf that replaces another takes none. */
  readonly issued: number;
  readonly revoked: number;
  readonly active: number;
  /** Announced revocations that were neither reversed nor carried out. */
  readonly announced: number;
  /** People ever given a new seed, as far as issuers have told. */
  readonly resets: number;
  /** Leaves whose position another leaf has taken. */
  readonly replaced: number;
}

/** Revoked leaves by reason class; they add up to the revoked. */
export type ReasonCounts = Readonly<Record<RevocationReason, number>>;

const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];

/**
 * Counts by reason class.
 *
 * @param counted - Those that are not 0.
 */
export function reasonCounts(counted: Partial<ReasonCounts> = {}): ReasonCounts {
  return Object.fromEntries(REASONS.map((reason) => [reason, counted[reason] ?? 0])) as ReasonCounts;
}

/** What the register states. */
export interface Checkpoint {
  /** Identity of the log. */
  readonly origin: string;
  /** Number of log entries: the name by which a presentation refers to a checkpoint. */
  readonly size: number;
  /** RFC 6962 root of the log, 32 bytes. */
  readonly rootHash: Uint8Array;
  /** Counts up from 0; one checkpoint an epoch. */
  readonly epoch: number;
  /** From when on presentations use it, Unix seconds. */
  readonly activeFrom: number;
  /** Root of the tree of active credentials, the circuit's public input `root`. */
  readonly presentationRoot: FieldElement;
  readonly counts: LeafCounts;
  readonly reasons: ReasonCounts;
}

/**
 * Signs a checkpoint.
 *
 * @param checkpoint - What is stated.
 * @param secretKey - Ed25519, 32 bytes.
 * @param name - Name of the key, equal to the origin.
 * @returns The signed note.
 * @throws {@link ProtocolError} `checkpoint_invalid` if the checkpoint contradicts itself.
 */
export function signCheckpoint(checkpoint: Checkpoint, secretKey: Uint8Array, name: string): string {
  const text = encodeCheckpoint(checkpoint);
  if (name !== checkpoint.origin || encodeCheckpoint(parseCheckpoint(text)) !== text) {
    throw invalid();
  }
  return signNote(text, name, secretKey);
}

/**
 * Opens a signed checkpoint.
 *
 * @param note - Untrusted.
 * @param key - The register's key; its name is the origin that is expected.
 * @throws {@link ProtocolError} `checkpoint_invalid` if it is not signed by that key, is of another
 * log, or is not written in its one canonical form.
 */
export function openCheckpoint(note: string, key: NoteKey): Checkpoint {
  try {
    const text = openNote(note, key);
    const checkpoint = parseCheckpoint(text);
    if (checkpoint.origin === key.name && encodeCheckpoint(checkpoint) === text) {
      return checkpoint;
    }
  } catch (cause) {
    throw invalid({ cause });
  }
  throw invalid();
}

function encodeCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, rootHash, epoch, activeFrom, presentationRoot, counts, reasons } = checkpoint;
  const list = <Name extends string>(names: readonly Name[], values: Readonly<Record<Name, number>>): string =>
    names.map((name) => `${name}=${String(values[name])}`).join(' ');
  return [
    origin,
    String(size),
    toBase64(rootHash),
    `epoch ${String(epoch)}`,
    `active-from ${String(activeFrom)}`,
    `presentation-root ${String(presentationRoot)}`,
    `counts ${list(COUNTS, counts)}`,
    `reasons ${list(REASONS, reasons)}`,
    '',
  ].join('\n');
}

const COUNTS = [
  'issued',
  'revoked',
  'active',
  'announced',
  'resets',
  'replaced',
] as const satisfies (keyof LeafCounts)[];

const numbers = (names: readonly string[]): string => names.map((name) => `${name}=(?<${name}>\\d+)`).join(' ');
const FORM = new RegExp(
  [
    '^(?<origin>.+)',
    '(?<size>\\d+)',
    '(?<root>[A-Za-z0-9+/]{43}=)',
    'epoch (?<epoch>\\d+)',
    'active-from (?<from>\\d+)',
    'presentation-root (?<presentation>\\d+)',
    `counts ${numbers(COUNTS)}`,
    `reasons ${numbers(REASONS)}\n$`,
  ].join('\n'),
  'u',
);

function parseCheckpoint(text: string): Checkpoint {
  const groups = FORM.exec(text)?.groups;
  if (groups === undefined) {
    throw invalid();
  }
  const integer = (name: string): number => {
    const value = Number(groups[name]);
    if (!Number.isSafeInteger(value)) {
      throw invalid();
    }
    return value;
  };
  const read = <Name extends string>(names: readonly Name[]): Record<Name, number> =>
    Object.fromEntries(names.map((name) => [name, integer(name)])) as Record<Name, number>;
  const [counts, reasons] = [read(COUNTS), read(REASONS)];
  const told = REASONS.reduce((sum, reason) => sum + reasons[reason], 0);
  if (
    counts.active !== counts.issued - counts.revoked ||
    counts.issued > TREE_LEAVES ||
    counts.announced > counts.active ||
    told !== counts.revoked
  ) {
    throw invalid();
  }
  return {
    origin: groups['origin'] ?? '',
    size: integer('size'),
    rootHash: fromBase64(groups['root'] ?? ''),
    epoch: integer('epoch'),
    activeFrom: integer('from'),
    presentationRoot: parseField(groups['presentation']),
    counts,
    reasons,
  };
}

function invalid(options?: ErrorOptions): ProtocolError {
  return new ProtocolError('checkpoint_invalid', 'the checkpoint is malformed or not signed by the register', options);
}

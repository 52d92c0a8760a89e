// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an audit says.
 *
 * @module
 */
import type { Checkpoint } from '../log/checkpoint.ts';

/** The first thing that is wrong. */
export interface AuditFault {
  /** A rule of the log, or `checkpoint`, `cosignatures`, `history`, `tile`, `block`. */
  readonly rule: string;
  /** Where: `entry 17`, `checkpoint of size 20`, a path. */
  readonly at: string;
  readonly detail: string;
}

/** What an audit found. */
export interface AuditReport {
  readonly url: string;
  readonly origin: string;
  /** Where the register's key came from. */
  readonly key: 'given' | 'named by the register';
  readonly holds: boolean;
  readonly fault: AuditFault | null;
  /** The newest checkpoint. */
  readonly epoch: number;
  readonly size: number;
  readonly counts: Checkpoint['counts'];
  readonly reasons: Checkpoint['reasons'];
  /** Checkpoints and entries replayed without a fault. */
  readonly checkpoints: number;
  readonly entries: number;
  readonly witnesses: {
    readonly trusted: number;
    readonly threshold: number;
    /** Cosignatures on the newest checkpoint. */
    readonly newest: readonly { readonly name: string; readonly time: number }[];
  };
  readonly downloaded: { readonly files: number; readonly bytes: number };
}

/** Thrown inside of an audit, and caught where it ends. */
export class FaultFound extends Error {
  readonly fault: AuditFault;

  constructor(rule: string, at: string, detail: string) {
    super(detail);
    this.fault = { rule, at, detail };
  }
}

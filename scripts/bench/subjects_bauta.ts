// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Our prover and verifier as subjects.
 *
 * @module
 */
import { toField } from '../../src/protocol/field.ts';
import { type BatchItem, verifyBatch } from '../../src/verifying/batch.ts';
import { loadVerificationKey, verifyProof } from '../../src/verifying/groth16.ts';
import { type Armed, loadProver, type ProofResult, type Prover } from './bauta.ts';
import { type Lab, requireAccepted } from './lab.ts';
import type { Ready, Subject } from './runner.ts';
import { forRequest, type Sample } from './sample.ts';

function toItem({ proof, publicSignals }: ProofResult): BatchItem {
  return { proof, signals: publicSignals.map((value) => toField(BigInt(value))) };
}

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

function load(lab: Lab): Subject {
  return {
    name: 'bauta.load',
    prepare: async () => {
      const files = await lab.files();
      let prover: Prover | undefined;
      return {
        run: async () => {
          prover = await loadProver(files, lab.proverThreads);
        },
        after: () => {
          prover?.end();
          return Promise.resolve();
        },
      };
    },
  };
}

function full(lab: Lab): Subject {
  return {
    name: 'bauta.full',
    prepare: async () => {
      const prover = await lab.prover();
      const { inputs, statement } = lab.sample;
      let armed: Armed | undefined;
      let last: ProofResult | undefined;
      let request = 0;
      return {
        run: async () => {
          armed = await prover.arm(inputs);
          last = prover.fire(armed, forRequest(statement, request++));
        },
        after: () => {
          if (armed !== undefined) prover.disarm(armed);
          return Promise.resolve();
        },
        check: async () => requireAccepted(await lab.vkey(), last),
      };
    },
  };
}

/** Arming from the lab's record for something else each time. */
function armFrom(lab: Lab, name: 'bauta.arm' | 'bauta.armRoot', next: (run: number) => Sample): Subject {
  return {
    name,
    prepare: async (): Promise<Ready> => {
      const [prover, previous] = [await lab.prover(), await lab.armed()];
      let run = 0;
      let sample = next(++run);
      let armed: Armed | undefined;
      return {
        run: async () => {
          armed = await prover.arm(sample.inputs, previous);
        },
        after: () => {
          if (armed !== undefined) prover.disarm(armed);
          sample = next(++run);
          return Promise.resolve();
        },
        check: async () => {
          armed = await prover.arm(sample.inputs, previous);
          await requireAccepted(await lab.vkey(), prover.fire(armed, forRequest(sample.statement, run)));
          prover.disarm(armed);
        },
      };
    },
  };
}

function fire(lab: Lab): Subject {
  return {
    name: 'bauta.fire',
    prepare: async () => {
      const [prover, armed] = [await lab.prover(), await lab.armed()];
      let request = 0;
      let statement = forRequest(lab.sample.statement, request);
      let last: ProofResult | undefined;
      return {
        run: () => {
          last = prover.fire(armed, statement);
          return Promise.resolve();
        },
        after: () => {
          statement = forRequest(lab.sample.statement, ++request);
          return Promise.resolve();
        },
        check: async () => requireAccepted(await lab.vkey(), last),
      };
    },
  };
}

function verifyOne(lab: Lab): Subject {
  return {
    name: 'bauta.verify',
    prepare: async () => {
      const key = await loadVerificationKey(await lab.vkey());
      const items = (await lab.proofs(2)).map(toItem);
      let run = 0;
      return {
        run: async () => {
          const item = items[run++ % items.length];
          if (item === undefined || !(await verifyProof(key, item.signals, item.proof))) throw new Error('refused');
        },
      };
    },
  };
}

/** A subject that verifies batches of a size. */
export function batchOf(lab: Lab, size: number, name: string): Subject {
  return {
    name,
    per: size,
    prepare: async () => {
      const key = await loadVerificationKey(await lab.vkey());
      const items = (await lab.proofs(size)).map(toItem);
      return {
        run: async () => {
          if ((await verifyBatch(key, items, random)).includes(false)) throw new Error('refused');
        },
      };
    },
  };
}

/** Our subjects. */
export function bautaSubjects(lab: Lab): Subject[] {
  return [
    load(lab),
    full(lab),
    armFrom(lab, 'bauta.arm', (run) => lab.sampleOf({ platform: run })),
    armFrom(lab, 'bauta.armRoot', (run) => lab.sampleOf({ tree: run })),
    fire(lab),
    verifyOne(lab),
    batchOf(lab, 16, 'bauta.verifyBatch16PerProof'),
    batchOf(lab, 64, 'bauta.verifyBatch64PerProof'),
    batchOf(lab, 256, 'bauta.verifyBatch256PerProof'),
  ];
}

// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * snarkjs on our circuit, as anyone would call it: files in memory, its curve kept between calls.
 *
 * @module
 */
import { type CircuitSignals, groth16 } from 'snarkjs';
import type { ShowInputs } from '../../src/proving/inputs.ts';
import type { ProofResult } from './bauta.ts';
import { type Lab, requireAccepted, startSnarkjs } from './lab.ts';
import type { Subject } from './runner.ts';
import { forRequest } from './sample.ts';

/** Inputs as snarkjs takes them. */
export function toSnarkjs(inputs: ShowInputs): CircuitSignals {
  return { ...inputs, path: inputs.path.map((children) => [...children]) };
}

function prove(lab: Lab): Subject {
  return {
    name: 'snarkjs.prove',
    prepare: async () => {
      await startSnarkjs(lab.threads);
      const { wasm, zkey } = await lab.snarkjsFiles();
      const { inputs, statement } = lab.sample;
      let request = 0;
      let last: ProofResult | undefined;
      return {
        run: async () => {
          const { binding } = forRequest(statement, request++);
          last = (await groth16.fullProve(toSnarkjs({ ...inputs, binding }), wasm, zkey)) as ProofResult;
        },
        check: async () => requireAccepted(await lab.vkey(), last),
      };
    },
  };
}

function verify(lab: Lab): Subject {
  return {
    name: 'snarkjs.verify',
    prepare: async () => {
      await startSnarkjs(lab.threads);
      const [vkey, proofs] = [await lab.vkey(), await lab.proofs(2)];
      let run = 0;
      return { run: () => requireAccepted(vkey, proofs[run++ % proofs.length]) };
    },
  };
}

/** Its subjects. */
export function snarkjsSubjects(lab: Lab): Subject[] {
  return [prove(lab), verify(lab)];
}

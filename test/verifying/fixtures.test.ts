// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Old proofs stay valid: every proof that was kept for a version of the artifacts is verified in every run,
 * by our verifier and by unmodified snarkjs, under the key of that version. A new version gets its own
 * fixtures (CONTRIBUTING.md, "Changing a circuit").
 */
import { afterAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER, parseField, toField } from '../../src/protocol/field.ts';
import { askOf } from '../../src/protocol/request.ts';
import { deriveSession, SHOW_SIGNALS } from '../../src/protocol/statement.ts';
import { openVerificationKey } from '../../src/verifying/artifacts.ts';
import { verifyProof } from '../../src/verifying/groth16.ts';
import { checkPresentation } from '../../src/verifying/presentation.ts';
import {
  keptIssue,
  keptManifest,
  keptPresentation,
  type KeptProof,
  keptVkey,
  presentationNames,
  VERSIONS,
} from '../fixtures/read.ts';
import { endProving, manifest, snarkjsVerifies } from '../platform/fixtures.ts';

afterAll(endProving);

/** Both verifiers take the proof, and neither takes it for any signal changed. */
async function expectHolds(version: number, circuit: 'show' | 'issue', { signals, proof }: KeptProof): Promise<void> {
  const bytes = keptVkey(version, circuit);
  const key = await openVerificationKey(keptManifest(version), circuit, bytes);
  const vkey: unknown = JSON.parse(new TextDecoder().decode(bytes));
  expect(await verifyProof(key, signals, proof)).toBe(true);
  expect(await snarkjsVerifies(vkey, signals.map(String), proof)).toBe(true);
  for (const [i] of signals.entries()) {
    const changed = signals.map((signal, j) => (i === j ? toField((signal + 1n) % FIELD_ORDER) : signal));
    expect(await verifyProof(key, changed, proof)).toBe(false);
  }
}

describe('the fixtures', () => {
  it('are there for every version up to the committed one; otherwise: npx tsx test/fixtures/make_proofs.ts', () => {
    expect(VERSIONS).toEqual(Array.from({ length: manifest.version }, (_, i) => i + 1));
    // Other keys or circuits under the same number would leave holders with proofs that nobody verifies.
    expect(keptManifest(manifest.version)).toEqual(manifest);
  });
});

describe.each(VERSIONS)('proofs of version %d', (version) => {
  it('are of every kind that a holder makes', () => {
    const made = presentationNames(version).map((name) => {
      const { request } = keptPresentation(version, name);
      const ask = askOf(request.dcql_query);
      return { pseudonym: ask.pseudonym, context: request.context.kind, reveals: ask.reveal.length > 0 };
    });
    expect(made).toContainEqual({ pseudonym: true, context: 'account', reveals: false });
    expect(made).toContainEqual({ pseudonym: true, context: 'account', reveals: true });
    expect(made).toContainEqual({ pseudonym: true, context: 'action', reveals: false });
    expect(made).toContainEqual({ pseudonym: false, context: 'account', reveals: false });
  });

  it.each(presentationNames(version))('show, %s: holds for its signals', async (name) => {
    await expectHolds(version, 'show', keptPresentation(version, name));
  });

  it.each(presentationNames(version))('show, %s: its signals follow from the stored request as then', async (name) => {
    const { request, presentation, root, now, timeZone, signals } = keptPresentation(version, name);
    const key = await openVerificationKey(keptManifest(version), 'show', keptVkey(version, 'show'));
    const outcome = await checkPresentation({ request, presentation, root: parseField(root), key, now, timeZone });
    expect(outcome).toMatchObject({ ok: true, disclosed: presentation.disclosed });
    if (outcome.ok) expect(SHOW_SIGNALS.map((signal) => outcome.statement[signal])).toEqual(signals);
  });

  it('issue: holds for its signals and its session', async () => {
    const issue = keptIssue(version);
    await expectHolds(version, 'issue', issue);
    expect(issue.signals[2]).toBe(deriveSession(issue.session));
  });
});
